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
