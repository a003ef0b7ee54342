import LatheDiagnostics

/// The lines of a vocabulary file.
struct VocabularyLines {
  private(set) var tokens: [String]
  /// Whether a tab and the id follow each token, as in the files of Baidu's ERNIE.
  private(set) var isNumbered = false

  /// - Throws: when `bytes` are not UTF-8, or lines do not have the ids that they tell.
  init(of bytes: [UInt8], file: String?) throws(Diagnostic) {
    try Self.checkEncoding(of: bytes, file)
    tokens = Self.split(bytes)
    guard let first = tokens.first, Self.columns(of: first)?.id == 0 else { return }
    isNumbered = true
    for (index, line) in tokens.enumerated() {
      guard let columns = Self.columns(of: line), columns.id == index else {
        throw .invalid(
          "tokenizers/vocabulary-columns", "the vocabulary's first line ends in an id, and this one does not end in \(index)",
          at: Location(file: file, line: index + 1), fix: "give every token the number of its line, or none at all")
      }
      tokens[index] = columns.token
    }
  }

  private static func checkEncoding(of bytes: [UInt8], _ file: String?) throws(Diagnostic) {
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    var start = 0
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if String(validating: line, as: UTF8.self) == nil {
        throw .invalid(
          "tokenizers/vocabulary-utf8", "the vocabulary is not UTF-8 in this line",
          at: Location(file: file, byteOffset: start, line: index + 1),
          fix: "give a vocab.txt in UTF-8 with one token a line")
      }
      start += line.count + 1
    }
  }

  private static func split(_ bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    lines.reserveCapacity(bytes.count { $0 == 0x0A } + 1)
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        let line = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
        lines.append(end > start && bytes[end - 1].isGraphic ? line : line.withoutTrailingSpace)
        start = end + 1
      }
    }
    return lines
  }

  private static func columns(of line: String) -> (token: String, id: Int)? {
    guard let tab = line.utf8.lastIndex(of: 0x09) else { return nil }
    let digits = line[line.utf8.index(after: tab)...]
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let id = Int(digits) else { return nil }
    return (String(line[..<tab]).withoutTrailingSpace, id)
  }

  /// Whether `token` comes back from a file.
  static func canHold(_ token: String) -> Bool {
    !token.utf8.contains { $0 == 0x0A || $0 == 0x09 } && token.withoutTrailingSpace.utf8.count == token.utf8.count
  }

  /// A file of `tokens`.
  static func bytes(of tokens: [String], isNumbered: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tokens.reduce(0) { $0 + $1.utf8.count + 1 })
    for (id, token) in tokens.enumerated() {
      bytes += token.utf8
      if isNumbered { bytes += "\t\(id)".utf8 }
      bytes.append(0x0A)
    }
    return bytes
  }
}

extension UInt8 {
  /// Whether it is a character of ASCII that shows.
  fileprivate var isGraphic: Bool { (0x21...0x7E).contains(self) }
}

extension String {
  fileprivate var withoutTrailingSpace: String {
    guard let last = unicodeScalars.last, last.properties.isWhitespace else { return self }
    let end = unicodeScalars.lastIndex { !$0.properties.isWhitespace }.map(unicodeScalars.index(after:))
    return String(unicodeScalars[..<(end ?? unicodeScalars.startIndex)])
  }
}
