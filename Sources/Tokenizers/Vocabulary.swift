import LatheDiagnostics
import LatheFiles

/// The tokens of a model, one for each id from 0, as a BERT `vocab.txt` lists them: one a line.
///
/// White space at the end of a line belongs to the file, not to the token. A token that is listed twice has the last of
/// its ids, as in Hugging Face `tokenizers`. Tokens are compared scalar by scalar, not by canonical equivalence.
public struct Vocabulary: Sendable {
  /// A larger file is taken for something else.
  public static let maximumBytes = 1 << 23

  /// The file itself, to be written again unchanged.
  public let bytes: [UInt8]
  /// The tokens by id, repeated ones included.
  public let tokens: [String]
  private let ids: [ExactText: Int32]

  /// How many ids there are.
  public var count: Int { tokens.count }

  /// Reads the lines of `bytes`, which diagnostics call `file`.
  public init(_ bytes: [UInt8], file: String? = nil) throws(Diagnostic) {
    guard bytes.count <= Self.maximumBytes else {
      throw .invalid(
        "tokenizers/vocabulary-size", "the vocabulary has \(bytes.count) bytes, more than \(Self.maximumBytes)",
        at: Location(file: file), fix: "give a vocab.txt with one token a line")
    }
    try Self.checkEncoding(of: bytes, file: file)
    let tokens = Self.lines(of: bytes)
    guard !tokens.isEmpty else {
      throw .invalid(
        "tokenizers/vocabulary-empty", "the vocabulary has no tokens", at: Location(file: file),
        fix: "give a vocab.txt with one token a line")
    }
    self.bytes = bytes
    self.tokens = tokens
    var ids: [ExactText: Int32] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() { ids[ExactText(token)] = Int32(clamping: id) }
    self.ids = ids
  }

  private static func lines(of bytes: [UInt8]) -> [String] {
    var tokens: [String] = []
    tokens.reserveCapacity(bytes.count { $0 == 0x0A } + 1)
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        let line = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
        tokens.append(end > start && bytes[end - 1].isGraphic ? line : line.withoutTrailingSpace)
        start = end + 1
      }
    }
    return tokens
  }

  private static func checkEncoding(of bytes: [UInt8], file: String?) throws(Diagnostic) {
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

  /// Reads the vocabulary file at `path`.
  ///
  /// - Throws: `file/missing` (exit code 66) when it cannot be read.
  public init(fileAt path: String) throws(Diagnostic) {
    try self.init(try InputFile.bytes(of: path, maximumBytes: Self.maximumBytes), file: path)
  }

  /// The vocabulary of `tokens`, whose `bytes` are those tokens, each followed by a line feed.
  ///
  /// - Throws: when a token would not come back from such a file: one with a line feed, or with white space at its end.
  public init(tokens: [String]) throws(Diagnostic) {
    for (id, token) in tokens.enumerated() where token.utf8.contains(0x0A) || token.withoutTrailingSpace != token {
      throw .invalid(
        "tokenizers/vocabulary-token", "token \(id) has a line feed or ends in white space: \(token.debugDescription)",
        fix: "remove the token: a vocabulary holds one token a line")
    }
    try self.init(tokens.flatMap { Array($0.utf8) + [0x0A] })
  }

  /// The id of `token`, the last one if it is listed twice, or nil if it is not listed.
  public func id(of token: String) -> Int32? {
    ids[ExactText(token)]
  }

  /// The token that has `id`, or nil if none has.
  public func token(_ id: Int32) -> String? {
    tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil
  }
}

extension Vocabulary: Hashable {
  /// Whether both have the same file.
  public static func == (left: Vocabulary, right: Vocabulary) -> Bool { left.bytes == right.bytes }

  /// Hashes the file.
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// A text that equals only the same scalars, where `String` also equals canonically equivalent ones.
private struct ExactText: Hashable {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
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
