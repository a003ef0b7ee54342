/// Checks the tokens of a JSON text where json-c is more generous than RFC 8259 even in strict mode, and notes what
/// json-c would get wrong: `-0`, integers beyond 64 bits, some surrogate pairs, repeated keys.
///
/// How the tokens must follow one another is left to json-c.
struct LexicalCheck {
  /// Bytes that stand for those in `range` of the text.
  struct Substitution {
    var range: Range<Int>
    var bytes: [UInt8]
  }

  private let text: UnsafeRawBufferPointer
  private let maximumDepth: Int
  /// Where the next token is looked for.
  var offset = 0

  /// What json-c must be given otherwise than it is written, in ascending order.
  private(set) var substitutions: [Substitution] = []
  /// How many members the objects of the text have in all, repeated keys included.
  private(set) var memberCount = 0
  /// Whether there is any token at all.
  private(set) var isBlank = true

  init(_ text: UnsafeRawBufferPointer, maximumDepth: Int) throws(JSONFault) {
    self.text = text
    self.maximumDepth = maximumDepth
    try run()
  }

  /// For who walks the text token by token.
  init(walking text: UnsafeRawBufferPointer) {
    self.text = text
    maximumDepth = 0
  }

  private mutating func run() throws(JSONFault) {
    var depth = 0
    while let byte = peek() {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D:
        offset += 1
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= maximumDepth else {
          throw JSONFault("nesting", at: offset, "nested more than \(maximumDepth) deep")
        }
        offset += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        offset += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        memberCount += byte == UInt8(ascii: ":") ? 1 : 0
        offset += 1
      case UInt8(ascii: "\""): try string()
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
      default: try literal()
      }
      isBlank = false
    }
  }

  private func peek() -> UInt8? {
    offset < text.count ? text[offset] : nil
  }

  /// Passes over white space, and returns where what follows starts.
  @discardableResult
  mutating func skipBlanks() -> Int {
    while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
    return offset
  }

  /// Passes over a number, true, false or null.
  mutating func scalar() throws(JSONFault) {
    defer { substitutions.removeAll(keepingCapacity: true) }
    if let byte = peek(), byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") < 10 { return try number() }
    try literal()
  }

  private mutating func literal() throws(JSONFault) {
    let start = offset
    while let byte = peek(), byte.isLetter { offset += 1 }
    let word = String(decoding: text[start..<offset], as: UTF8.self)
    if word == "true" || word == "false" || word == "null" { return }
    if !word.isEmpty {
      throw JSONFault(
        "literal", at: start, "'\(word.prefix(40))' is not JSON", fix: "use true, false, null or a string")
    }
    switch text[start] {
    case UInt8(ascii: "'"):
      throw JSONFault("quote", at: start, "single quotes are not JSON", fix: "put texts and keys in double quotes")
    case UInt8(ascii: "/"), UInt8(ascii: "#"):
      throw JSONFault("comment", at: start, "comments are not JSON", fix: "remove the comment")
    case 0xEF where start == 0 && text.starts(with: [0xEF, 0xBB, 0xBF]):
      throw JSONFault(
        "byte-order-mark", at: start, "the text starts with a byte-order mark", fix: "save it as plain UTF-8")
    default:
      throw JSONFault("syntax", at: start, "unexpected \(JSONFault.name(ofByteAt: start, in: text))")
    }
  }
}

// Numbers.
extension LexicalCheck {
  private mutating func number() throws(JSONFault) {
    let start = offset
    if peek() == UInt8(ascii: "-") { offset += 1 }
    let leading = peek()
    let wholeDigits = skipDigits()
    guard wholeDigits > 0 else { throw badNumber(start, "digits must follow the sign") }
    guard wholeDigits == 1 || leading != UInt8(ascii: "0") else { throw badNumber(start, before: offset, "leading zeros are not JSON") }

    var isInteger = true
    var exponentDigits = 0
    if peek() == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      guard skipDigits() > 0 else { throw badNumber(start, "digits must follow the point") }
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { offset += 1 }
      exponentDigits = skipDigits()
      guard exponentDigits > 0 else { throw badNumber(start, "digits must follow the exponent") }
    }

    let mayOverflow = exponentDigits > 2 || wholeDigits > 300
    if mayOverflow, Double(token(from: start))?.isFinite != true {
      throw badNumber(start, before: offset, "it is beyond the range of a 64-bit floating-point number")
    }
    guard isInteger else { return }
    let isNegativeZero = wholeDigits == 1 && leading == UInt8(ascii: "0") && text[start] == UInt8(ascii: "-")
    if isNegativeZero || wholeDigits > 18 && Int64(token(from: start)) == nil {
      // With a fraction it is read as a floating-point number; as an integer json-c would clamp it.
      substitutions.append(Substitution(range: offset..<offset, bytes: Array(".0".utf8)))
    }
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while let byte = peek(), byte &- UInt8(ascii: "0") < 10 { offset += 1 }
    return offset - start
  }

  private func token(from start: Int) -> String {
    String(decoding: text[start..<offset], as: UTF8.self)
  }

  /// - Parameter end: Where the number ends; nil if the byte behind what was read is what is wrong.
  private func badNumber(_ start: Int, before end: Int? = nil, _ why: String) -> JSONFault {
    let shown = String(decoding: text[start..<(end ?? min(offset + 1, text.count))].prefix(40), as: UTF8.self)
    return JSONFault("number", at: start, "'\(shown)' is no number of JSON: \(why)")
  }
}

// Strings.
extension LexicalCheck {
  private mutating func string() throws(JSONFault) {
    let start = offset
    offset += 1
    try restOfString(from: start)
  }

  /// Passes over what is left of the string that starts at `start`.
  mutating func restOfString(from start: Int) throws(JSONFault) {
    var nullAt: Int?
    while true {
      guard let byte = peek() else { throw JSONFault("string", at: start, "the string that starts here never ends") }
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        try checkKey(nullAt)
        return
      case UInt8(ascii: "\\"):
        let escapeStart = offset
        if try escape() == 0 { nullAt = escapeStart }
      case 0..<0x20:
        throw JSONFault(
          "control-character", at: offset,
          "a string holds the control character \(JSONFault.name(ofByteAt: offset, in: text))",
          fix: "write it as an escape, for example \\n")
      case 0x20..<0x80: offset += 1
      default: try multibyteScalar()
      }
    }
  }

  /// json-c keeps keys as C strings, which end at the first zero.
  private func checkKey(_ nullAt: Int?) throws(JSONFault) {
    guard let nullAt else { return }
    let next = text[offset...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    guard next == UInt8(ascii: ":") else { return }
    throw JSONFault("key", at: nullAt, "a key holds \\u0000", fix: "choose a key without it")
  }

  /// The UTF-16 unit of a `\u` escape, or a number that is not zero for the others.
  private mutating func escape() throws(JSONFault) -> UInt16 {
    let start = offset
    offset += 1
    guard let kind = peek() else { throw JSONFault("string", at: start, "the text ends within an escape") }
    guard kind == UInt8(ascii: "u") else {
      guard "\"\\/bfnrt".utf8.contains(kind) else {
        throw JSONFault(
          "escape", at: start, "\\ before \(JSONFault.name(ofByteAt: offset, in: text)) is no escape of JSON")
      }
      offset += 1
      return 1
    }
    offset += 1
    let unit = try hexadecimalUnit(start)
    if UTF16.isTrailSurrogate(unit) { throw loneSurrogate(start) }
    guard UTF16.isLeadSurrogate(unit) else { return unit }
    guard text[offset...].starts(with: "\\u".utf8) else { throw loneSurrogate(start) }
    offset += 2
    let trail = try hexadecimalUnit(start)
    guard UTF16.isTrailSurrogate(trail) else { throw loneSurrogate(start) }
    let scalar = UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    // json-c 0.16 takes the low bits of some whole characters for another surrogate.
    if scalar.value & 0xF800 == 0xD800 {
      substitutions.append(Substitution(range: start..<offset, bytes: Array(String(scalar).utf8)))
    }
    return unit
  }

  private mutating func hexadecimalUnit(_ start: Int) throws(JSONFault) -> UInt16 {
    let digits = text[offset...].prefix(4)
    guard digits.count == 4, digits.allSatisfy(\.isHexadecimalDigit),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw JSONFault("escape", at: start, "\\u needs four hexadecimal digits") }
    offset += 4
    return unit
  }

  private func loneSurrogate(_ start: Int) -> JSONFault {
    JSONFault("surrogate", at: start, "half of a surrogate pair stands alone, which is no character")
  }

  private mutating func multibyteScalar() throws(JSONFault) {
    let lead = text[offset]
    let second = offset + 1 < text.count ? text[offset + 1] : 0
    let (length, allowed): (Int, ClosedRange<UInt8>) =
      switch lead {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0x80...0xBF)
      }
    let rest = text[offset...].prefix(length).dropFirst(2)
    guard length > 0, allowed.contains(second), rest.count == length - 2, rest.allSatisfy({ $0 & 0xC0 == 0x80 }) else {
      throw JSONFault("utf8", at: offset, "the text is not UTF-8 here", fix: "save the file as UTF-8")
    }
    offset += length
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
  fileprivate var isHexadecimalDigit: Bool { self &- UInt8(ascii: "0") < 10 || (self | 0x20) &- UInt8(ascii: "a") < 6 }
}
