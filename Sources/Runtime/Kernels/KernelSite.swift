import LatheIR
import LatheTensors

/// A node with what is known of its operands, as kernels are chosen for it.
struct KernelSite {
  let node: Node
  /// Types of the operands, nil for those left out.
  let inputs: [StaticType?]
  /// Types of the outputs, nil for those that nobody asks for.
  let outputs: [StaticType?]
  /// Contents of constant operands.
  let constants: [Tensor?]

  /// The operand at a position, nil if it is left out.
  func input(_ position: Int) -> StaticType? { position < inputs.count ? inputs[position] : nil }

  /// The operand at a position and its id, if it holds 32-bit floats.
  func floats(_ position: Int) -> (id: ValueID, shape: [Int])? {
    guard let type = input(position), type.dtype == .float32, let id = node.inputs[position] else { return nil }
    return (id, type.shape)
  }

  /// The contents of a constant operand.
  func constant(_ position: Int) -> Tensor? { position < constants.count ? constants[position] : nil }

  /// The contents of an operand of constant 32-bit floats.
  func constantFloats(_ position: Int) -> Tensor? {
    guard let tensor = constant(position), tensor.dtype == .float32 else { return nil }
    return tensor
  }

  /// Whether the operand is left out.
  func isAbsent(_ position: Int) -> Bool { position >= node.inputs.count || node.inputs[position] == nil }

  /// The id of an operand that is left out or holds floats of exactly this shape; nil where it is anything else.
  func optionalFloats(_ position: Int, _ shape: [Int]) -> ValueID?? {
    guard !isAbsent(position) else { return .some(nil) }
    guard let (id, own) = floats(position), own == shape else { return nil }
    return id
  }

  /// The first output and its shape, if it holds 32-bit floats and is the only one.
  var onlyOutput: (id: ValueID, shape: [Int])? {
    guard node.outputs.count == 1, let id = node.outputs[0], let type = outputs[0], type.dtype == .float32 else { return nil }
    return (id, type.shape)
  }
}

/// Element type and shape in numbers.
struct StaticType: Sendable, Hashable {
  let dtype: DType
  let shape: [Int]
  /// Bytes of a tensor of it.
  let byteCount: Int

  /// nil for a type that is not told in numbers, or holds no bytes.
  init?(_ type: ValueType?) {
    guard let tensor = type?.tensor, let shape = tensor.knownShape, let count = try? Tensor.elementCount(of: shape),
      tensor.dtype != .string, let bytes = tensor.dtype.byteCount(of: count)
    else { return nil }
    (dtype, self.shape, byteCount) = (tensor.dtype, shape, bytes)
  }

  /// The type of a tensor of bytes; nil for strings.
  init?(_ tensor: Tensor) {
    guard tensor.dtype != .string else { return nil }
    (dtype, shape, byteCount) = (tensor.dtype, tensor.shape, tensor.byteCount)
  }

  /// 32-bit floats in a shape that was counted before.
  init(floats shape: [Int]) {
    (dtype, self.shape, byteCount) = (.float32, shape, shape.reduce(MemoryLayout<Float>.size, *))
  }

  var elementCount: Int { shape.reduce(1, *) }
}
