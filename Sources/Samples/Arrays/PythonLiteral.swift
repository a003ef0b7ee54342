/// The small part of Python's literals that headers of .npy files are written in.
enum PythonLiteral: Equatable {
  case text(String)
  case truth(Bool)
  case number(Int)
  /// A tuple or a list.
  case sequence([PythonLiteral])
  case dictionary([String: PythonLiteral])

  /// The value that `source` spells; nil if it is not such a literal, nests deeper than 8, or repeats a key.
  init?(parsing source: [UInt8]) {
    var parser = PythonLiteralParser(source)
    guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
    self = value
  }
}

/// Reads one literal from the start of its bytes on.
private struct PythonLiteralParser {
  private let source: [UInt8]
  private var offset = 0

  init(_ source: [UInt8]) { self.source = source }

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return offset == source.count
    }
  }

  mutating func value(depth: Int) -> PythonLiteral? {
    guard depth < 8, let byte = next() else { return nil }
    switch Unicode.Scalar(byte) {
    case "{": return dictionary(depth: depth)
    case "(": return sequence(closing: ")", depth: depth)
    case "[": return sequence(closing: "]", depth: depth)
    case "'", "\"": return text(closing: byte)
    case "0"..."9": return number(first: byte)
    default: return truth(first: byte)
    }
  }

  private mutating func dictionary(depth: Int) -> PythonLiteral? {
    var members: [String: PythonLiteral] = [:]
    while true {
      if take("}") { return .dictionary(members) }
      guard case .text(let key)? = value(depth: depth + 1), take(":"), let member = value(depth: depth + 1) else {
        return nil
      }
      guard members.updateValue(member, forKey: key) == nil else { return nil }
      if take(",") { continue }
      return take("}") ? .dictionary(members) : nil
    }
  }

  private mutating func sequence(closing: Unicode.Scalar, depth: Int) -> PythonLiteral? {
    var elements: [PythonLiteral] = []
    while true {
      if take(closing) { return .sequence(elements) }
      guard let element = value(depth: depth + 1) else { return nil }
      elements.append(element)
      if take(",") { continue }
      return take(closing) ? .sequence(elements) : nil
    }
  }

  /// Escapes are refused: no name or type in a header of a plain array has one.
  private mutating func text(closing: UInt8) -> PythonLiteral? {
    guard let end = source[offset...].firstIndex(of: closing) else { return nil }
    let bytes = source[offset..<end]
    offset = end + 1
    guard !bytes.contains(UInt8(ascii: "\\")) else { return nil }
    return String(validating: bytes, as: UTF8.self).map(PythonLiteral.text)
  }

  private mutating func number(first: UInt8) -> PythonLiteral? {
    var value = Int(first) - 0x30
    while offset < source.count, (0x30...0x39).contains(source[offset]) {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Int(source[offset]) - 0x30)
      guard !tooLarge, !overflow else { return nil }
      value = sum
      offset += 1
    }
    // Python 2 marked long integers.
    if offset < source.count, source[offset] == UInt8(ascii: "L") { offset += 1 }
    return .number(value)
  }

  private mutating func truth(first: UInt8) -> PythonLiteral? {
    let word = String(decoding: source[(offset - 1)...].prefix { (0x41...0x7A).contains($0) }, as: UTF8.self)
    guard word == "True" || word == "False" else { return nil }
    offset += word.utf8.count - 1
    return .truth(word == "True")
  }

  private mutating func next() -> UInt8? {
    skipSpace()
    guard offset < source.count else { return nil }
    defer { offset += 1 }
    return source[offset]
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpace()
    guard offset < source.count, Unicode.Scalar(source[offset]) == scalar else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while offset < source.count, [0x20, 0x09, 0x0A, 0x0D].contains(source[offset]) { offset += 1 }
  }
}
