internal import COnnx
import LatheDiagnostics
import LatheTensors

/// What a tensor message says before its elements are looked at: type and shape, checked.
struct ProtoTensor {
  let proto: UnsafePointer<Lathe__Onnx__TensorProto>
  let dtype: DType
  let shape: [Int]
  let count: Int
  /// Bytes that the elements take in memory and in `raw_data`; 0 for strings.
  let byteCount: Int

  /// - Throws: `onnx/element-type`, `onnx/negative-dimension`, `onnx/shape-overflow`, `onnx/segment`,
  ///   `limit/tensor-bytes`.
  init(_ proto: UnsafePointer<Lathe__Onnx__TensorProto>, limits: ResourceLimits) throws(Diagnostic) {
    let dimensions = UnsafeBufferPointer(start: proto.pointee.dims, count: proto.pointee.n_dims)
    guard let dtype = DType(onnx: proto.pointee.data_type) else {
      throw .invalid(
        "onnx/element-type", "the tensor's data_type is \(proto.pointee.data_type), which is no element type of ONNX",
        fix: "export the model again; element types are 1 to \(DType.allCases.count)")
    }
    guard proto.pointee.segment == nil else {
      throw .invalid(
        "onnx/segment", "the tensor is one segment of a larger one, which nothing can put together again",
        fix: "save the model with whole tensors, as external data if they are large")
    }
    self.proto = proto
    self.dtype = dtype
    shape = try Self.shape(dimensions)
    let written = Self.text(dimensions)
    guard let count = try? Tensor.elementCount(of: shape), let byteCount = dtype.byteCount(of: count) else {
      throw .invalid(
        "onnx/shape-overflow", "the shape \(written) has more elements than can be counted",
        fix: "export the model again")
    }
    // A string takes at least the header of its value.
    let (needed, overflow) = dtype == .string ? count.multipliedReportingOverflow(by: 16) : (byteCount, false)
    guard !overflow, needed <= limits.tensorBytes else {
      throw limits.exceeded("tensor-bytes", "a tensor of type \(dtype) and shape \(written) takes \(needed) bytes")
    }
    self.count = count
    self.byteCount = byteCount
  }

  /// Extents as they are, for tensors and sparse tensors.
  ///
  /// - Throws: `onnx/negative-dimension`, `onnx/rank`.
  static func shape(_ dimensions: UnsafeBufferPointer<Int64>) throws(Diagnostic) -> [Int] {
    try ONNXVersions.check(rank: dimensions.count)
    if let negative = dimensions.first(where: { $0 < 0 }) {
      throw .invalid(
        "onnx/negative-dimension", "the shape \(text(dimensions)) has the negative dimension \(negative)",
        fix: "a tensor with elements has fixed extents: export the model again")
    }
    return dimensions.map { Int($0) }
  }

  private static func text(_ dimensions: UnsafeBufferPointer<Int64>) -> String {
    "[\(dimensions.prefix(16).map(String.init).joined(separator: ", "))\(dimensions.count > 16 ? ", …" : "")]"
  }
}
