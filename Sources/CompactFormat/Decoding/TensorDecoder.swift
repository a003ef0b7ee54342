internal import CLatheProto
import LatheDiagnostics
import LatheProtobuf
import LatheTensors

/// Rebuilds the table of tensors; contents in the weights section stay where they are mapped.
struct TensorDecoder {
  /// A stretch of the weights section, read as one type; its tensors share it.
  private struct Stretch: Hashable {
    var offset: Int
    var length: Int
    var dtype: DType
  }

  private let reader: MessageReader
  private let types: TypeDecoder
  private let weights: WeightsSection
  private let limits: ResourceLimits
  private(set) var tensors: [Tensor] = []
  private var stretches: [Stretch: Tensor] = [:]

  init(_ reader: MessageReader, _ types: TypeDecoder, _ weights: WeightsSection, _ limits: ResourceLimits) {
    self.reader = reader
    self.types = types
    self.weights = weights
    self.limits = limits
  }

  mutating func append(_ message: Proto.Tensor) throws(Diagnostic) {
    try reader.checkFields(message.base)
    let dtype = try types.dtype(message.dtype)
    guard message.layout == LATHE__COMPACT__TENSOR__LAYOUT__ROW_MAJOR else {
      throw fault("layout", "has the unknown layout \(message.layout.rawValue)")
    }
    let shape = try reader.shape(message.n_shape, message.shape)
    let isString = message.place == LATHE__COMPACT__TENSOR__PLACE__STRINGS
    guard isString == (dtype == .string) else { throw fault("place", "of \(dtype) is stored in the wrong way") }
    switch message.place {
    case LATHE__COMPACT__TENSOR__PLACE__STRINGS:
      let strings = try reader.texts(message.n_strings, message.strings)
      tensors.append(try Tensor(strings: strings, shape: shape))
    case LATHE__COMPACT__TENSOR__PLACE__INLINE:
      tensors.append(try inline(message, dtype, shape))
    case LATHE__COMPACT__TENSOR__PLACE__WEIGHTS:
      tensors.append(try mapped(message, dtype, shape))
    default: throw fault("place", "is stored in the unknown place \(message.place.rawValue)")
    }
  }

  private func inline(_ message: Proto.Tensor, _ dtype: DType, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    let bytes = UnsafeRawBufferPointer(message.contents.buffer)
    try checkLength(bytes.count, dtype, shape)
    guard bytes.count <= limits.tensorBytes else {
      throw limits.exceeded("tensor-bytes", "tensor \(tensors.count) has \(bytes.count) bytes")
    }
    try checkBooleans(bytes, dtype)
    return try Tensor(dtype: dtype, shape: shape) { target in target.copyMemory(from: bytes) }
  }

  private mutating func mapped(_ message: Proto.Tensor, _ dtype: DType, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    guard let offset = Int(exactly: message.offset), let length = Int(exactly: message.length),
      weights.contains(offset, length)
    else { throw fault("weights", "lies at no place that the weights section has") }
    try checkLength(length, dtype, shape)
    let stretch = Stretch(offset: offset, length: length, dtype: dtype)
    if let known = stretches[stretch] { return try known.reshaped(to: shape) }
    try checkBooleans(UnsafeRawBufferPointer(rebasing: weights.storage.bytes[offset..<offset + length]), dtype)
    let tensor = try Tensor(dtype: dtype, shape: shape, storage: weights.storage, byteOffset: offset)
    stretches[stretch] = tensor
    return tensor
  }

  private func checkLength(_ length: Int, _ dtype: DType, _ shape: [Int]) throws(Diagnostic) {
    let expected = dtype.byteCount(of: try Tensor.elementCount(of: shape))
    guard length == expected else {
      let needed = expected.map { "\($0)" } ?? "too many"
      throw fault("tensor-length", "of type \(dtype)\(shape) needs \(needed) bytes, but has \(length)")
    }
  }

  private func checkBooleans(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) throws(Diagnostic) {
    guard dtype == .bool, let wrong = bytes.first(where: { $0 > 1 }) else { return }
    throw fault("bool", "holds the byte \(wrong), which is no boolean")
  }

  private func fault(_ rule: String, _ what: String) -> Diagnostic {
    reader.fault(rule, "tensor \(tensors.count) \(what)")
  }
}
