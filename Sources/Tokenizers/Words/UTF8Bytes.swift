/// UTF-8 as Swift's own encoder writes it, without the collection that it makes.
enum UTF8Bytes {
  /// Calls `body` with the bytes of the scalar `value`.
  @inline(__always)
  static func forEach(of value: UInt32, _ body: (UInt8) -> Void) {
    switch value {
    case 0..<0x80:
      body(UInt8(truncatingIfNeeded: value))
      return
    case 0x80..<0x800:
      body(UInt8(truncatingIfNeeded: 0xC0 | value >> 6))
    case 0x800..<0x1_0000:
      body(UInt8(truncatingIfNeeded: 0xE0 | value >> 12))
      body(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
    default:
      body(UInt8(truncatingIfNeeded: 0xF0 | value >> 18 & 7))
      body(UInt8(truncatingIfNeeded: 0x80 | value >> 12 & 0x3F))
      body(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
    }
    body(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
  }
}
