internal import CLatheChecksum

/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41) of the bytes given so far.
struct Checksum {
  private(set) var value: UInt32 = 0

  init() {}

  /// The checksum of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) { append(bytes) }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = lathe_crc32c(value, start, bytes.count)
  }

  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }
}
