/// Reading and writing elements of under 8 bits, packed least significant bits first (ONNX's order for 2, 4 and 6 bits).
public enum PackedElements {
  /// The codes of `count` elements of `bitWidth` bits, one in each byte, not sign-extended.
  public static func unpack(_ bytes: UnsafeRawBufferPointer, bitWidth: Int, count: Int) -> [UInt8] {
    let mask = UInt16(1 << bitWidth) - 1
    return (0..<count).map { index in
      let bit = index * bitWidth
      let low = UInt16(bytes[bit / 8])
      let high = bit % 8 + bitWidth > 8 ? UInt16(bytes[bit / 8 + 1]) : 0
      return UInt8(((low | high << 8) >> UInt16(bit % 8)) & mask)
    }
  }

  /// The packed bytes of codes; bits above `bitWidth` are dropped, and the last byte is padded with zeros.
  public static func pack(_ codes: [UInt8], bitWidth: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (codes.count * bitWidth + 7) / 8)
    let mask = UInt16(1 << bitWidth) - 1
    for (index, code) in codes.enumerated() {
      let bit = index * bitWidth
      let shifted = (UInt16(code) & mask) << UInt16(bit % 8)
      bytes[bit / 8] |= UInt8(truncatingIfNeeded: shifted)
      if shifted > 0xFF { bytes[bit / 8 + 1] |= UInt8(shifted >> 8) }
    }
    return bytes
  }

  /// The signed value of a two's-complement code of `bitWidth` bits.
  public static func signExtend(_ code: UInt8, bitWidth: Int) -> Int8 {
    let shift = UInt8(8 - bitWidth)
    return Int8(bitPattern: code << shift) >> Int8(shift)
  }
}
