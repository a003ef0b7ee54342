import LatheDiagnostics
import LatheIR
import LatheTensors

/// Elements put back where MaxPool found them, zeros elsewhere.
///
/// Positions count in the shape that the attributes imply; a larger `output_shape` only adds zeros behind, as in ONNX's own tests.
public struct MaxUnpool: FloatEvaluable {
  public static let schema = OperatorSchema(
    "MaxUnpool", since: 22,
    inputs: [.init("X", "T1", .floats), .init("I", "T2", .int64), .init("output_shape", "T2", .int64, .optional)],
    outputs: [.init("output", "T1", .floats)],
    attributes: ["kernel_shape": .integers, "pads": .integers, "strides": .integers])

  /// The window of the pool that is undone; dilations and automatic padding do not apply.
  public var window: SlidingWindow

  public init(window: SlidingWindow) { self.window = window }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes, needsKernel: true)
  }

  public func encode(into attributes: inout Attributes) { window.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let indices = try inputs.tensor(1)
    guard let shape = x.shape else { return [.tensor(x)] }
    if let other = indices.shape {
      guard other.count == shape.count, !zip(shape, other).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw .invalid("operator/max-unpool", "MaxUnpool: the positions \(indices) do not fit \(x)")
      }
    }
    let implied = try impliedShape(shape)
    guard let operand = inputs.optional(2) else { return [.tensor(TensorType(x.dtype, implied))] }
    guard let wanted = try operand.vector("output shape") else {
      return [.tensor(TensorType(x.dtype, .unknown(shape.count)))]
    }
    guard wanted.count == shape.count else {
      throw .invalid("operator/max-unpool", "MaxUnpool: output_shape has \(wanted.count) entries, not \(shape.count)")
    }
    for (own, given) in zip(implied, wanted) {
      guard let own = own.known, let given = given.known, given < own else { continue }
      throw .invalid("operator/max-unpool", "MaxUnpool: output_shape is smaller than the implied shape \(implied)")
    }
    return [.tensor(TensorType(x.dtype, try checked(shape: wanted)))]
  }

  private func impliedShape(_ shape: Shape) throws(Diagnostic) -> Shape {
    guard shape.count >= 3 else {
      throw .invalid("operator/rank", "MaxUnpool needs at least one spatial axis, but is given \(shape)")
    }
    var result: Shape = Array(shape[..<2])
    for (axis, extent) in zip(try window.axes(shape.count - 2), shape[2...]) {
      result.append((extent - 1) * .known(axis.stride) - .known(axis.before + axis.after) + axis.kernel)
    }
    return try checked(shape: result)
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let implied = try impliedShape(x.shape.map { .known($0) }).compactMap(\.known)
    let count = try Tensor.elementCount(of: implied)
    let strides = StridedLayout.rowMajorStrides(shape)
    let positions = try inputs.required(1).integers() ?? []
    let y = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) throws(Diagnostic) in
      try x.withElements(as: T.self) { (source) throws(Diagnostic) in
        for (index, position) in positions.enumerated() {
          guard position >= 0, position < count else {
            throw .invalid(
              "operator/max-unpool", "MaxUnpool: the position \(position) is outside a tensor of \(implied)")
          }
          let coordinates = WindowGrid.coordinates(position, in: implied)
          target[zip(coordinates, strides).reduce(0) { $0 + $1.0 * $1.1 }] = source[index]
        }
      }
    }
    return [y]
  }
}
