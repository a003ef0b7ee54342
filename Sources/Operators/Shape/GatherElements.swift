import LatheDiagnostics
import LatheIR
import LatheTensors

/// For each index the element at its own place, but for one axis, where the index says which; negative ones count from
/// the back.
public struct GatherElements: Evaluable {
  public static let schema = OperatorSchema(
    "GatherElements", since: 13,
    inputs: [.init("data", "T", .movable), .init("indices", "Tind", .indices)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["axis": .integer])

  /// The axis that is looked up; negative counts from the back.
  public var axis: Int

  public init(axis: Int = 0) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 0)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 0 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
    _ = try ElementPlaces.check(data, indices, axis: axis, name)
    return [.tensor(TensorType(data.dtype, indices.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (data, indices) = try inputs.pair()
    let places = try ElementPlaces(data.shape, indices, axis: axis, name)
    let result = try Tensor(dtype: data.dtype, shape: indices.shape, copying: [data]) { emit in
      places.forEach { emit(ElementRun(source: 0, start: $1, count: 1)) }
    }
    return [result]
  }
}

extension GatherElements: AxisMapping {
  /// Places are looked up along the axis, and lie beside their data on all others that are as long.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let data = inputs.optional(0)?.type.tensor?.shape, let places = inputs.optional(1)?.type.tensor?.shape,
      data.count == places.count, let along = try? normalized(axis: axis, rank: data.count)
    else { return nil }
    var map = AxisMap(inputs: 2)
    let all = places.map { map.axis($0) }
    var source = all
    for axis in data.indices where axis == along || !data[axis].isProvablyEqual(to: places[axis]) {
      source[axis] = map.axis(data[axis], axis == along ? .lookedUp(by: 1) : .fresh)
    }
    map.inputs = [source, all]
    map.outputs[0] = all
    return map
  }
}
