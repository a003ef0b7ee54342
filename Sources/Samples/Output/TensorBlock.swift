import LatheDiagnostics
import LatheTensors

extension Tensor {
  /// The elements from `offset` on that fill `shape`, sharing storage where elements fill whole bytes.
  ///
  /// - Precondition: the block lies within the tensor.
  func block(at offset: Int, shape: [Int]) throws(Diagnostic) -> Tensor {
    let count = try Self.elementCount(of: shape)
    if let strings { return try Tensor(strings: Array(strings[offset..<offset + count]), shape: shape) }
    if let (storage, byteOffset) = storage, offset * dtype.bitWidth % 8 == 0 {
      return try Tensor(
        dtype: dtype, shape: shape, storage: storage, byteOffset: byteOffset + offset * dtype.bitWidth / 8)
    }
    let bytes = PackedElements.pack(Array((codes ?? [])[offset..<offset + count]), bitWidth: dtype.bitWidth)
    return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: bytes) }
  }

  /// The tensors, of one type and shape, along a new first axis.
  static func stacked(_ tensors: [Tensor]) throws(Diagnostic) -> Tensor {
    let first = tensors[0]
    let shape = [tensors.count] + first.shape
    if first.dtype == .string { return try Tensor(strings: tensors.flatMap { $0.strings ?? [] }, shape: shape) }
    if first.dtype.isPacked {
      let bytes = PackedElements.pack(tensors.flatMap { $0.codes ?? [] }, bitWidth: first.dtype.bitWidth)
      return try Tensor(dtype: first.dtype, shape: shape) { $0.copyBytes(from: bytes) }
    }
    return try Tensor(dtype: first.dtype, shape: shape) { (target) throws(Diagnostic) in
      var start = 0
      for tensor in tensors {
        tensor.withBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: target[start..<start + bytes.count]).copyMemory(from: bytes)
          start += bytes.count
        }
      }
    }
  }
}
