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

extension Expand: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let own = inputs.optional(0)?.type.tensor?.shape, let shape = outputs.first?.shape else { return nil }
    var map = AxisMap(inputs: 2)
    let missing = shape.count - own.count
    let axes = shape.enumerated().map { position, extent in
      let isStretched = position < missing || own[position - missing] == 1 && extent != 1
      return map.axis(extent, isStretched ? .fresh : .carried)
    }
    guard let aligned = map.align(own, to: axes, of: shape) else { return nil }
    map.inputs[0] = aligned
    map.outputs[0] = axes
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let shape = inputs.optional(1), let axes = map.outputs[0] else { return (self, inputs) }
    let target = shape.extents(following: Array(axes.suffix(shape.elementCount)), of: map)
    return (self, [inputs.optional(0), target ?? shape])
  }
}
