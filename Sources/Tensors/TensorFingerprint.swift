extension Tensor {
  /// 64 bits that tell this tensor's type, shape and contents from another's; not cryptographic.
  ///
  /// FNV-1a over 8-byte words, with the remaining bytes one by one.
  public var fingerprint: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 }
    mix(UInt64(dtype.rawValue))
    for extent in shape { mix(UInt64(bitPattern: Int64(extent))) }
    for string in strings ?? [] {
      for byte in string.utf8 { mix(UInt64(byte)) }
      mix(0x1_0000)
    }
    withBytes { bytes in
      let words = bytes.count / 8
      for index in 0..<words {
        mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
        hash ^= hash >> 29
      }
      for byte in bytes[(words * 8)...] { mix(UInt64(byte)) }
    }
    return hash
  }
}
