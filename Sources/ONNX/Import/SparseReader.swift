internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Sparse tensors: read as they are, and made dense.
enum SparseReader {
  static var incomplete: Diagnostic {
    .invalid("onnx/sparse", "a sparse tensor lacks its values or indices", fix: "export the model again")
  }

  /// - Throws: `onnx/sparse` for parts that do not fit each other, and what `TensorReader` throws.
  static func read(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__SparseTensorProto>, _ tensors: TensorReader
  ) throws(Diagnostic) -> SparseTensor {
    guard let values = proto.pointee.values, let indices = proto.pointee.indices else { throw incomplete }
    let sparse = SparseTensor(
      values: try tensors.read(values), indices: try tensors.read(indices),
      shape: try ProtoTensor.shape(UnsafeBufferPointer(start: proto.pointee.dims, count: proto.pointee.n_dims)))
    let count = sparse.values.elementCount
    guard sparse.values.rank == 1, sparse.indices.dtype == .int64,
      sparse.indices.shape == [count] || sparse.indices.shape == [count, sparse.shape.count]
    else {
      throw .invalid(
        "onnx/sparse",
        "a sparse tensor has values \(sparse.values.shape), but indices \(sparse.indices.dtype)\(sparse.indices.shape)",
        fix: "values are [n], and indices i64[n] or i64[n, rank]: export the model again")
    }
    return sparse
  }

  /// The dense tensor: zeros where there is no value.
  ///
  /// - Throws: `onnx/sparse` for indices out of the shape or not ascending, `limit/tensor-bytes`.
  static func dense(_ sparse: SparseTensor, limit: (Int, String) throws(Diagnostic) -> Void) throws(Diagnostic)
    -> Tensor
  {
    let (dtype, shape) = (sparse.values.dtype, sparse.shape)
    guard dtype.bitWidth >= 8, let count = try? Tensor.elementCount(of: shape),
      let byteCount = dtype.byteCount(of: count)
    else {
      throw .invalid(
        "onnx/sparse", "a sparse tensor of type \(dtype) and shape \(shape) cannot be made dense",
        fix: "export the model with dense tensors")
    }
    try limit(byteCount, "a sparse tensor of type \(dtype) and shape \(shape) takes \(byteCount) bytes when dense")
    let positions = try positions(sparse, count)
    let width = dtype.bitWidth / 8
    return try Tensor(dtype: dtype, shape: shape) { target in
      sparse.values.withBytes { source in
        for (index, position) in positions.enumerated() {
          let piece = UnsafeRawBufferPointer(rebasing: source[index * width..<(index + 1) * width])
          UnsafeMutableRawBufferPointer(rebasing: target[position * width..<(position + 1) * width]).copyMemory(
            from: piece)
        }
      }
    }
  }

  /// Linear positions, ascending and below `count`.
  private static func positions(_ sparse: SparseTensor, _ count: Int) throws(Diagnostic) -> [Int] {
    let indices = sparse.indices.integers() ?? []
    let rank = sparse.indices.rank == 2 ? sparse.shape.count : 0
    var positions: [Int] = []
    guard count > 0 || sparse.values.elementCount == 0 else { throw outside(0) }
    for row in 0..<sparse.values.elementCount {
      var position = rank == 0 && sparse.indices.rank == 1 ? indices[row] : 0
      for axis in 0..<rank {
        let index = indices[row * rank + axis]
        guard index >= 0, index < sparse.shape[axis] else { throw outside(row) }
        position = position * sparse.shape[axis] + index
      }
      guard position >= 0, position < count, position > positions.last ?? -1 else { throw outside(row) }
      positions.append(position)
    }
    return positions
  }

  private static func outside(_ row: Int) -> Diagnostic {
    .invalid(
      "onnx/sparse", "index \(row) of a sparse tensor lies outside its shape or does not ascend",
      fix: "export the model again")
  }
}

extension ModelReader {
  /// The dense form of a sparse tensor; all of a model together stay within the limit for one tensor.
  func dense(_ proto: UnsafeMutablePointer<Lathe__Onnx__SparseTensorProto>) throws(Diagnostic) -> Tensor {
    let sparse = try SparseReader.read(proto, tensors)
    return try SparseReader.dense(sparse) { (byteCount, message) throws(Diagnostic) in
      let (total, overflow) = denseBytes.addingReportingOverflow(byteCount)
      guard !overflow, total <= limits.tensorBytes else { throw limits.exceeded("tensor-bytes", message) }
      denseBytes = total
    }
  }
}
