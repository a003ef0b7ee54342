internal import COnnx
import LatheDiagnostics
import LatheTensors

/// Makes tensors of tensor messages: views of the mapped file where the elements lie in it as they lie in memory.
struct TensorReader {
  let payloads: PayloadTable
  let limits: ResourceLimits
  /// Finds the files that hold external data; nil where a tensor must be whole, as in a test data set.
  let external: ExternalFiles?

  /// The tensor of a message.
  ///
  /// - Throws: `onnx/…` for contents that do not fit the type and shape; without location, which the caller knows.
  func read(_ message: UnsafePointer<Lathe__Onnx__TensorProto>) throws(Diagnostic) -> Tensor {
    let tensor = try ProtoTensor(message, limits: limits)
    let payload = payloads.payload(start: message.pointee.payload_start, count: message.pointee.payload_count)
    let fields = payload.fields.filter { payload.count(of: $0) > 0 }
    if message.pointee.has_data_location != 0,
      message.pointee.data_location == LATHE__ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
    {
      guard fields.isEmpty else { throw ambiguous(["external_data"] + fields.map(\.name)) }
      return try readExternal(tensor)
    }
    guard fields.count <= 1 else { throw ambiguous(fields.map(\.name)) }
    guard let field = fields.first else { return try readEmpty(tensor) }
    guard field == .rawData else { return try readTyped(tensor, payload, field) }
    return try readRaw(tensor, payload)
  }

  private func readExternal(_ tensor: ProtoTensor) throws(Diagnostic) -> Tensor {
    guard let external else {
      throw .invalid("onnx/external-data", "the tensor's elements are in another file", fix: "save the tensor whole")
    }
    guard tensor.dtype != .string else {
      throw .invalid("onnx/external-data", "strings cannot be external data", fix: "save the tensor in the model")
    }
    let (file, offset) = try external.find(tensor)
    let slice = UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + tensor.byteCount])
    return try view(slice, owner: file, tensor)
  }

  private func readEmpty(_ tensor: ProtoTensor) throws(Diagnostic) -> Tensor {
    guard tensor.count == 0 else {
      throw .invalid(
        "onnx/no-data", "the tensor of type \(tensor.dtype) and shape \(tensor.shape) has no data",
        fix: "export the model again, with its weights")
    }
    guard tensor.dtype != .string else { return try Tensor(strings: [], shape: tensor.shape) }
    return try Tensor(dtype: tensor.dtype, shape: tensor.shape) { _ in }
  }

  private func readRaw(_ tensor: ProtoTensor, _ payload: TensorPayload) throws(Diagnostic) -> Tensor {
    guard tensor.dtype != .string else {
      throw .invalid(
        "onnx/data-field", "strings are in raw_data, but only string_data can hold them", fix: "export the model again")
    }
    let given = payload.count(of: .rawData)
    guard given == tensor.byteCount, let bytes = payload.contiguous(.rawData) else {
      throw .invalid(
        "onnx/raw-data-length",
        "raw_data has \(given) bytes, but the type \(tensor.dtype) and shape \(tensor.shape) need \(tensor.byteCount)",
        at: Location(byteOffset: payload.offset(of: .rawData)), fix: "export the model again")
    }
    return try view(bytes, owner: payload.owner, tensor)
  }

  /// A view of `bytes` if something keeps them alive, else a copy.
  func view(_ bytes: UnsafeRawBufferPointer, owner: AnyObject?, _ tensor: ProtoTensor) throws(Diagnostic) -> Tensor {
    guard let owner else {
      return try Tensor(dtype: tensor.dtype, shape: tensor.shape) { $0.copyMemory(from: bytes) }
    }
    return try Tensor(dtype: tensor.dtype, shape: tensor.shape, storage: TensorStorage(bytes: bytes, owner: owner))
  }

  private func ambiguous(_ fields: [String]) -> Diagnostic {
    .invalid(
      "onnx/data-twice", "the tensor has its elements more than once: in \(fields.joined(separator: " and "))",
      fix: "export the model again, with one of them")
  }
}
