/// A position in protobuf bytes that can read the wire format's primitives and never leaves its bounds.
struct WireCursor {
  /// Wire types, as in the low three bits of a field's key.
  enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case lengthPrefixed = 2
    case groupStart = 3
    case groupEnd = 4
    case fixed32 = 5
  }

  /// Most bytes a varint of 64 bits takes.
  static let longestVarint = 10

  let bytes: UnsafeRawBufferPointer
  var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// The varint here, or nil (and no movement) when it does not end before `end` or has more than 64 bits.
  @inline(__always)
  mutating func varint(before end: Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var at = position
    while at < end {
      let byte = bytes[at]
      at += 1
      if shift == 63 && byte > 1 { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 {
        position = at
        return value
      }
      shift += 7
    }
    return nil
  }

  /// Steps over one value of `type`; false (and no movement past `end`) when it does not fit or is of an unknown kind.
  mutating func skip(_ type: WireType, before end: Int) -> Bool {
    switch type {
    case .varint:
      return varint(before: end) != nil
    case .fixed64:
      return advance(8, before: end)
    case .fixed32:
      return advance(4, before: end)
    case .lengthPrefixed:
      guard let length = varint(before: end), let count = Int(exactly: length) else { return false }
      return advance(count, before: end)
    case .groupStart, .groupEnd:
      return false
    }
  }

  private mutating func advance(_ count: Int, before end: Int) -> Bool {
    guard count <= end - position else { return false }
    position += count
    return true
  }

  /// How many bytes `value` takes as a varint.
  static func varintSize(_ value: UInt64) -> Int {
    (max(1, 64 - value.leadingZeroBitCount) + 6) / 7
  }
}

extension [UInt8] {
  /// Appends `value` as a varint of the fewest bytes.
  mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends the key of a field.
  mutating func appendKey(_ number: UInt32, _ type: WireCursor.WireType) {
    appendVarint(UInt64(number) << 3 | UInt64(type.rawValue))
  }
}
