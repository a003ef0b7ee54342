import LatheDiagnostics

/// Walks one JSON text from front to back without keeping it, so that a text may be far larger than what is made of it.
///
///     try cursor.object { (cursor, key) throws(Diagnostic) in … try cursor.value() … }
///     try cursor.end()
/// Small parts become values by json-c; long ones are passed over, checked as strictly, and can be read in place by their range.
public struct JSONCursor {
  /// Bytes after which `didRead` is called.
  private static let stride = 1 << 20

  /// Deeper nesting than this is refused whatever the limits say: passing over it recurses.
  private static let deepestNesting = 1000

  /// The whole text.
  public let text: UnsafeRawBufferPointer
  private let file: String?
  private let limits: ResourceLimits
  private var lexer: LexicalCheck
  /// Told now and then that a megabyte was read, so that pages of a mapped file can go.
  private let didRead: () -> Void
  private var lastTold = 0

  /// A cursor at the start of `text`, which diagnostics call `file`.
  public init(
    _ text: UnsafeRawBufferPointer, file: String? = nil, limits: ResourceLimits = ResourceLimits(),
    didRead: @escaping () -> Void = {}
  ) {
    self.text = text
    self.file = file
    self.limits = limits
    self.didRead = didRead
    lexer = LexicalCheck(walking: text)
  }

  /// Reads an object: `visit` is called with each key, and reads its value.
  ///
  /// - Throws: `json/…` with line and column for what is no JSON, for a repeated key, and for anything that is no object.
  public mutating func object(
    _ visit: (inout JSONCursor, String) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try take(UInt8(ascii: "{"), "an object")
    var keys: Set<String> = []
    if try takes(UInt8(ascii: "}")) { return }
    repeat {
      let start = try skipBlanks()
      guard next == UInt8(ascii: "\"") else {
        throw fault("syntax", at: start, "expected a key in double quotes, found \(name(start))")
      }
      guard let key = try value().stringValue else { return }
      guard keys.insert(key).inserted else {
        throw fault("repeated-key", at: start, "the key \"\(key.prefix(80))\" occurs twice in one object")
      }
      try take(UInt8(ascii: ":"), "':' behind the key")
      try visit(&self, key)
    } while try takes(UInt8(ascii: ","))
    try take(UInt8(ascii: "}"), "',' or '}'")
  }

  /// Reads the value that comes next as a whole.
  public mutating func value() throws(Diagnostic) -> JSONValue {
    let range = try skip()
    do throws(Diagnostic) {
      return try JSONValue.parse(UnsafeRawBufferPointer(rebasing: text[range]), file: file, limits: limits)
    } catch {
      // The place is told for the whole text.
      guard let offset = error.location.byteOffset else { throw error }
      var own = fault(String(error.id.dropFirst("json/".count)), at: range.lowerBound + offset, error.message)
      (own.id, own.fix, own.notes) = (error.id, error.fix, error.notes)
      throw own
    }
  }

  /// Passes over the value that comes next, checked, and returns where it stands.
  public mutating func skip() throws(Diagnostic) -> Range<Int> {
    let start = try skipBlanks()
    do throws(JSONFault) {
      try passValue(depth: 1)
    } catch {
      let diagnostic = error.diagnostic(in: text, file: file, firstLine: 1)
      guard error.id == "nesting", limits.nestingDepth < Self.deepestNesting else { throw diagnostic }
      throw limits.exceeded("nesting-depth", error.message, at: diagnostic.location)
    }
    return start..<lexer.offset
  }

  /// Checks that nothing but white space follows.
  public mutating func end() throws(Diagnostic) {
    let start = try skipBlanks()
    guard start == text.count else { throw fault("syntax", at: start, "unexpected \(name(start)) behind the value") }
  }

  /// The byte behind what was read.
  public var offset: Int { lexer.offset }

  /// Line and column of the byte at `offset`.
  public func location(of offset: Int) -> Location { fault("", at: offset, "").location }

  /// A diagnostic about the byte at `offset`.
  public func fault(_ id: String, at offset: Int, _ message: String, fix: String? = nil) -> Diagnostic {
    JSONFault(id, at: offset, message, fix: fix).diagnostic(in: text, file: file, firstLine: 1)
  }

  private var next: UInt8? { lexer.offset < text.count ? text[lexer.offset] : nil }

  private func name(_ offset: Int) -> String { JSONFault.name(ofByteAt: offset, in: text) }

  @discardableResult
  private mutating func skipBlanks() throws(Diagnostic) -> Int {
    lexer.skipBlanks()
    return lexer.offset
  }

  private mutating func takes(_ byte: UInt8) throws(Diagnostic) -> Bool {
    try skipBlanks()
    guard next == byte else { return false }
    lexer.offset += 1
    return true
  }

  private mutating func take(_ byte: UInt8, _ what: String) throws(Diagnostic) {
    guard try !takes(byte) else { return }
    let isCut = lexer.offset >= text.count
    throw fault(
      isCut ? "truncated" : "syntax", at: lexer.offset,
      isCut ? "the text ends where \(what) should be" : "expected \(what), found \(name(lexer.offset))")
  }
}

// Passing over values.
extension JSONCursor {
  private mutating func passValue(depth: Int) throws(JSONFault) {
    let start = lexer.skipBlanks()
    guard let first = next else { throw JSONFault("truncated", at: start, "the text ends where a value should be") }
    if start - lastTold >= Self.stride { tell() }
    switch first {
    case UInt8(ascii: "["): try passElements(close: UInt8(ascii: "]"), depth)
    case UInt8(ascii: "{"): try passElements(close: UInt8(ascii: "}"), depth)
    case UInt8(ascii: "\""): try passString()
    default: try lexer.scalar()
    }
  }

  private mutating func passElements(close: UInt8, _ depth: Int) throws(JSONFault) {
    let start = lexer.offset
    let deepest = min(limits.nestingDepth, Self.deepestNesting)
    guard depth <= deepest else { throw JSONFault("nesting", at: start, "nested more than \(deepest) deep") }
    lexer.offset += 1
    lexer.skipBlanks()
    if next == close {
      lexer.offset += 1
      return
    }
    while true {
      if close == UInt8(ascii: "}") { try passKey() }
      try passValue(depth: depth + 1)
      lexer.skipBlanks()
      guard let byte = next else {
        throw JSONFault("truncated", at: text.count, "the text ends within the value that starts at byte \(start)")
      }
      lexer.offset += 1
      if byte == close { return }
      guard byte == UInt8(ascii: ",") else {
        let wanted = close == UInt8(ascii: "}") ? "'}'" : "']'"
        throw JSONFault("syntax", at: lexer.offset - 1, "expected ',' or \(wanted), found \(name(lexer.offset - 1))")
      }
    }
  }

  private mutating func passKey() throws(JSONFault) {
    let start = lexer.skipBlanks()
    guard next == UInt8(ascii: "\"") else {
      throw JSONFault("syntax", at: start, "expected a key in double quotes, found \(name(start))")
    }
    try passString()
    lexer.skipBlanks()
    guard next == UInt8(ascii: ":") else {
      throw JSONFault("syntax", at: lexer.offset, "expected ':' behind the key, found \(name(lexer.offset))")
    }
    lexer.offset += 1
  }

  /// Plain characters are passed quickly, and told of as they go: a string may be most of the text.
  private mutating func passString() throws(JSONFault) {
    let start = lexer.offset
    var place = start + 1
    while place < text.count {
      let end = min(text.count, place + Self.stride)
      while place < end, Self.isPlain(text[place]) { place += 1 }
      guard place == end else { break }
      lexer.offset = place
      tell()
    }
    lexer.offset = place
    try lexer.restOfString(from: start)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private mutating func tell() {
    lastTold = lexer.offset
    didRead()
  }
}
