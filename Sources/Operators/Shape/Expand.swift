import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input repeated along axes of extent 1, to the shape that it and the given shape broadcast to.
public struct Expand: Evaluable, ShapeArithmetic, AttributeFree {
  public static let schema = OperatorSchema(
    "Expand", since: 13,
    inputs: [.init("input", "T", .movable), .init("shape", "", .int64)],
    outputs: [.init("output", "T", .movable)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    var target = try inputs.optional(1)?.vector("target shape")
    if let shape = target { target = try checked(shape: shape) }
    target = target ?? .unknown(inputs.optional(1)?.vectorLength)
    return [.tensor(TensorType(type.dtype, try Broadcasting.shape(of: [type, TensorType(type.dtype, target)])))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let elements = inputs.optional(0)?.followed, let shape = try? infer(inputs).first?.tensor?.knownShape,
      shape.count <= 1, let count = try? Tensor.elementCount(of: shape), count <= Operand.maximumElements
    else { return [nil] }
    guard elements.count == 1, let only = elements.first else { return [elements.count == count ? elements : nil] }
    return [Array(repeating: only, count: count)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    [try inputs.required(0).broadcast(to: try concreteShape(inputs))]
  }
}
