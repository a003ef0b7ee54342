extension UnsafeRawBufferPointer {
  /// The little-endian integer at `offset`.
  ///
  /// - Precondition: it lies inside the buffer.
  func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }

  /// Offset of the first byte in `range` that is not zero.
  ///
  /// - Precondition: the range lies inside the buffer.
  func firstNonzero(in range: Range<Int>) -> Int? {
    self[range].firstIndex { $0 != 0 }
  }
}

extension [UInt8] {
  mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
