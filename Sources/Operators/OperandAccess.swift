import LatheDiagnostics
import LatheIR
import LatheTensors

extension [Operand?] {
  /// The tensor types of all inputs that are present.
  func tensors() throws(Diagnostic) -> [TensorType] {
    var types: [TensorType] = []
    for operand in self {
      if let operand { types.append(try operand.tensor()) }
    }
    return types
  }

  /// The input at a position, or nil if it is left out.
  func optional(_ position: Int) -> Operand? { position < count ? self[position] : nil }

  /// The tensor type at a position.
  func tensor(_ position: Int) throws(Diagnostic) -> TensorType {
    guard let operand = optional(position) else { throw .invalid("operator/inputs", "input \(position) is missing") }
    return try operand.tensor()
  }
}

extension [Tensor?] {
  /// The input at a position, or nil if it is left out.
  func optional(_ position: Int) -> Tensor? { position < count ? self[position] : nil }

  /// The input at a position.
  func required(_ position: Int) throws(Diagnostic) -> Tensor {
    guard let tensor = optional(position) else { throw .invalid("operator/inputs", "input \(position) is missing") }
    return tensor
  }

  /// The first two inputs.
  func pair() throws(Diagnostic) -> (Tensor, Tensor) { (try required(0), try required(1)) }
}

extension Evaluable {
  /// Shape of the first output for the given inputs, as inference tells it.
  func concreteShape(_ inputs: [Tensor?]) throws(Diagnostic) -> [Int] {
    let types = try infer(inputs.map { $0.map { Operand($0) } })
    guard let shape = types.first?.tensor?.knownShape else {
      throw Diagnostic("operator/inconsistent", .internalFault, "\(name) cannot tell the shape of its output")
    }
    return shape
  }
}

extension Tensor {
  /// The elements repeated to fill a larger shape.
  ///
  /// - Throws: `operator/broadcast` if the shape does not broadcast to `target`.
  func broadcast(to target: [Int]) throws(Diagnostic) -> Tensor {
    guard shape != target else { return self }
    guard let layout = StridedLayout(broadcasting: shape, to: target) else {
      throw .invalid("operator/broadcast", "\(dtype)\(shape) does not broadcast to \(target)")
    }
    return try gathered(by: layout)
  }
}

extension OperatorName {
  /// The diagnostic for an element type that evaluation does not cover.
  func unsupported(_ dtype: DType) -> Diagnostic {
    .invalid("operator/dtype", "\(self) has no meaning for \(dtype)")
  }
}

/// `axis` counted from the front, for a tensor of `rank` axes.
///
/// - Throws: `operator/axis` if it is outside [−rank, rank).
func normalized(axis: Int, rank: Int) throws(Diagnostic) -> Int {
  guard axis >= -rank, axis < rank else {
    throw .invalid("operator/axis", "the axis \(axis) is outside a tensor of rank \(rank)")
  }
  return axis < 0 ? axis + rank : axis
}
