/// Mends what Schemas/lathe-format.md wants of header and section table, as far as that takes no thought: lengths and checksums.
enum CompactRepair {
  static func repair(_ bytes: UnsafeMutableRawBufferPointer) {
    guard bytes.count >= 40 else { return }
    store(UInt64(bytes.count), bytes, at: 24)
    let count = min(Int(load(bytes, at: 20)), (bytes.count - 40) / 32)
    for index in 0..<count {
      let entry = 40 + 32 * index
      let (offset, length) = (wide(bytes, at: entry + 8), wide(bytes, at: entry + 16))
      guard load(bytes, at: entry + 4) & 2 == 0, offset <= UInt64(bytes.count), length <= UInt64(bytes.count) - offset else { continue }
      store(checksum(bytes[Int(offset)..<Int(offset + length)]), bytes, at: entry + 24)
    }
    let header = 40 + 32 * count
    store(UInt32(0), bytes, at: 36)
    store(checksum(bytes[..<header]), bytes, at: 36)
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { state, _ in state & 1 == 0 ? state >> 1 : (state >> 1) ^ 0x82F6_3B78 }
  }

  /// CRC-32C.
  private static func checksum(_ bytes: Slice<UnsafeMutableRawBufferPointer>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { ($0 >> 8) ^ table[Int(($0 ^ UInt32($1)) & 0xFF)] }
  }

  private static func load(_ bytes: UnsafeMutableRawBufferPointer, at place: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }

  private static func wide(_ bytes: UnsafeMutableRawBufferPointer, at place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }

  private static func store<T: FixedWidthInteger>(_ value: T, _ bytes: UnsafeMutableRawBufferPointer, at place: Int) {
    bytes.storeBytes(of: value.littleEndian, toByteOffset: place, as: T.self)
  }
}
