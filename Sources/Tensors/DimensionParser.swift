/// Reads the text form of a dimension: sums and products of numbers and symbols, floor quotients, `max(a, b)`, `?`.
///
/// Symbols are letters, digits, `_` and `.`, or anything between single quotes.
struct DimensionParser {
  private let text: [UInt8]
  private var position = 0
  private var depth = 0

  /// Longest text that is read as an expression.
  private static let maximumLength = 512
  private static let maximumDepth = 24

  init?(_ text: String) {
    self.text = Array(text.utf8)
    guard self.text.count <= Self.maximumLength else { return nil }
  }

  mutating func parse() -> Dimension? {
    guard let result = sum() else { return nil }
    skipSpaces()
    return position == text.count ? result : nil
  }

  private mutating func sum() -> Dimension? {
    guard depth < Self.maximumDepth else { return nil }
    depth += 1
    defer { depth -= 1 }
    let negative = take("-")
    guard var total = product() else { return nil }
    if negative { total = .known(0) - total }
    while true {
      if take("+") {
        guard let next = product() else { return nil }
        total = total + next
      } else if take("-") {
        guard let next = product() else { return nil }
        total = total - next
      } else {
        return total
      }
    }
  }

  private mutating func product() -> Dimension? {
    guard var total = factor() else { return nil }
    while true {
      if take("*") {
        guard let next = factor() else { return nil }
        total = total * next
      } else if take("/") {
        _ = take("/")
        guard let next = factor() else { return nil }
        total = total.floorDivided(by: next)
      } else {
        return total
      }
    }
  }

  private mutating func factor() -> Dimension? {
    if take("?") { return .unknown }
    if take("(") {
      guard let inner = sum(), take(")") else { return nil }
      return inner
    }
    if take("'") { return quoted() }
    let word = word()
    guard !word.isEmpty else { return nil }
    if let first = word.utf8.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") {
      return Int(word).map { .known($0) }
    }
    guard word == "max", take("(") else { return .symbol(word) }
    guard let a = sum(), take(","), let b = sum(), take(")") else { return nil }
    return .maximum(a, b)
  }

  private mutating func quoted() -> Dimension? {
    guard let end = text[position...].firstIndex(of: UInt8(ascii: "'")) else { return nil }
    defer { position = end + 1 }
    return .symbol(String(decoding: text[position..<end], as: UTF8.self))
  }

  private mutating func word() -> String {
    skipSpaces()
    let start = position
    while position < text.count, Dimension.isSymbolByte(text[position]) { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpaces() {
    while position < text.count, text[position] == UInt8(ascii: " ") { position += 1 }
  }
}

extension Dimension {
  /// The dimension that `text` describes in the text form; nil if it is not one.
  public init?(parsing text: String) {
    guard var parser = DimensionParser(text), let parsed = parser.parse() else { return nil }
    self = parsed
  }

  static func isSymbolByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."): true
    default: false
    }
  }

  /// How a symbol is written: bare where that can be read back, else between single quotes.
  static func written(symbol: String) -> String {
    let bytes = Array(symbol.utf8)
    let startsWithDigit = bytes.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? true
    return !startsWithDigit && bytes.allSatisfy(isSymbolByte) ? symbol : "'\(symbol.replacing("'", with: "’"))'"
  }
}
