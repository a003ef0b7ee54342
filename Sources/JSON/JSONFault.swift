import LatheDiagnostics

/// What is wrong with a JSON text, and at which of its bytes.
struct JSONFault: Error {
  var id: String
  var offset: Int
  var message: String
  var fix: String?

  init(_ id: String, at offset: Int, _ message: String, fix: String? = nil) {
    self.id = id
    self.offset = offset
    self.message = message
    self.fix = fix
  }

  /// The diagnostic for the user: `firstLine` is the number of the line in `file` at which `text` starts.
  func diagnostic(in text: UnsafeRawBufferPointer, file: String?, firstLine: Int) -> Diagnostic {
    let before = text.prefix(offset)
    let lines = before.reduce(into: 0) { count, byte in count += byte == 0x0A ? 1 : 0 }
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let column = before[lineStart...].reduce(into: 1) { count, byte in count += byte & 0xC0 == 0x80 ? 0 : 1 }
    let place = Location(file: file, byteOffset: offset, line: firstLine + lines, column: column)
    return .invalid("json/\(id)", message, at: place, fix: fix)
  }

  /// How a message names the byte at `offset` of `text`.
  static func name(ofByteAt offset: Int, in text: UnsafeRawBufferPointer) -> String {
    guard offset < text.count else { return "the end of the text" }
    let byte = text[offset]
    if (0x20..<0x7F).contains(byte) { return "'\(Character(Unicode.Scalar(byte)))'" }
    return "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
