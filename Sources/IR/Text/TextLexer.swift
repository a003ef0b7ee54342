import LatheDiagnostics

/// Splits the text form into tokens, with their lines and columns.
struct TextLexer {
  enum Token: Equatable {
    /// `%name`: a value that is not constant.
    case value(String)
    /// `@name`: a constant.
    case constant(String)
    case word(String)
    case number(String)
    case string(String)
    /// `#` and 16 hexadecimal digits.
    case fingerprint(UInt64)
    case punctuation(String)
    case end
  }

  private let text: [UInt8]
  private(set) var position = 0
  /// Start of the token read last.
  private(set) var tokenStart = 0
  private let file: String?

  init(_ text: String, file: String?) {
    self.text = Array(text.utf8)
    self.file = file
  }

  /// Letters, digits, `_`, `.` and `/`.
  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"): true
    default: false
    }
  }

  /// Line and column of a position, both from 1.
  func location(_ position: Int) -> Location {
    let before = text[..<Swift.min(position, text.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return Location(file: file, line: line, column: before.count - lineStart + 1)
  }

  /// A mistake at `position`, or at the token read last.
  func failure(_ message: String, at position: Int? = nil, fix: String? = nil) -> Diagnostic {
    .invalid("text/syntax", message, at: location(position ?? tokenStart), fix: fix)
  }

  mutating func next() throws(Diagnostic) -> Token {
    skipBlanks()
    tokenStart = position
    guard position < text.count else { return .end }
    switch text[position] {
    case UInt8(ascii: "%"): return .value(try sigilName())
    case UInt8(ascii: "@"): return .constant(try sigilName())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "#"): return try fingerprint()
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(run(Self.isNumberByte))
    case UInt8(ascii: "-"): return minus()
    case UInt8(ascii: ":") where peek(1) == UInt8(ascii: ":"): return punctuation(2)
    case let byte where Self.isNameByte(byte): return .word(run(Self.isNameByte))
    default: return punctuation(1)
    }
  }

  /// The raw text between here and the bracket that closes the one just read, split at its outer commas.
  mutating func bracketedList(closing: Unicode.Scalar) throws(Diagnostic) -> [String] {
    tokenStart = position
    var (depth, start) = (0, position)
    var items: [String] = []
    while position < text.count {
      let byte = text[position]
      if depth == 0, byte == UInt8(ascii: closing) || byte == UInt8(ascii: ",") {
        let item = String(decoding: text[start..<position], as: UTF8.self)
        items.append(String(item.trimmingPrefix { $0 == " " || $0 == "\n" }))
        position += 1
        start = position
        if byte == UInt8(ascii: closing) { return items == [""] ? [] : items }
        continue
      }
      if byte == UInt8(ascii: "'") { skipQuotedSymbol() }
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") { depth -= 1 }
      position += 1
    }
    throw failure("\(closing) is missing")
  }

  private mutating func skipQuotedSymbol() {
    position += 1
    while position < text.count - 1, text[position] != UInt8(ascii: "'") { position += 1 }
  }

  private mutating func skipBlanks() {
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  private func peek(_ distance: Int) -> UInt8? { position + distance < text.count ? text[position + distance] : nil }

  private mutating func run(_ accepts: (UInt8) -> Bool) -> String {
    let start = position
    while position < text.count, accepts(text[position]) { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    isNameByte(byte) && byte != UInt8(ascii: "/") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  private mutating func minus() -> Token {
    guard let following = peek(1), following != UInt8(ascii: ">") else { return punctuation(2) }
    position += 1
    return .number("-" + run(Self.isNumberByte))
  }

  private mutating func punctuation(_ length: Int) -> Token {
    let end = Swift.min(position + length, text.count)
    defer { position = end }
    return .punctuation(String(decoding: text[position..<end], as: UTF8.self))
  }

  private mutating func sigilName() throws(Diagnostic) -> String {
    position += 1
    if peek(0) == UInt8(ascii: "\"") { return try string() }
    let name = run(Self.isNameByte)
    guard !name.isEmpty else { throw failure("a name is missing here") }
    return name
  }

  private mutating func fingerprint() throws(Diagnostic) -> Token {
    position += 1
    guard let value = UInt64(run(Self.isNameByte), radix: 16) else {
      throw failure("a fingerprint is 16 hexadecimal digits")
    }
    return .fingerprint(value)
  }

  private mutating func string() throws(Diagnostic) -> String {
    position += 1
    var bytes: [UInt8] = []
    while position < text.count {
      let byte = text[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      bytes.append(contentsOf: try escape())
    }
    throw failure("the string is not closed")
  }

  private mutating func escape() throws(Diagnostic) -> [UInt8] {
    let byte = peek(0)
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [UInt8(ascii: "\n")]
    case UInt8(ascii: "r"): return [UInt8(ascii: "\r")]
    case UInt8(ascii: "t"): return [UInt8(ascii: "\t")]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte ?? 0]
    case UInt8(ascii: "u") where peek(0) == UInt8(ascii: "{"):
      position += 1
      let digits = run(Self.isNameByte)
      guard peek(0) == UInt8(ascii: "}"), let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
      else { break }
      position += 1
      return Array(String(Character(scalar)).utf8)
    default: break
    }
    throw failure("this escape is unknown", fix: "use \\\", \\\\, \\n, \\r, \\t or \\u{…}")
  }
}
