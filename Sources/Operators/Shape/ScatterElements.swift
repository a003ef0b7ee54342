import LatheDiagnostics
import LatheIR
import LatheTensors

/// The data with updates written over single elements: each at its own place, but for one axis, where an index says
/// which; negative ones count from the back.
public struct ScatterElements: Scattering {
  public static let schema = OperatorSchema(
    "ScatterElements", since: 18,
    inputs: [.init("data", "T", .movable), .init("indices", "Tind", .indices), .init("updates", "T", .movable)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["axis": .integer, "reduction": .string])

  /// The axis that the indices are for; negative counts from the back.
  public var axis: Int
  public var reduction: ScatterReduction

  public init(axis: Int = 0, reduction: ScatterReduction = .none) {
    self.axis = axis
    self.reduction = reduction
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 0)
    reduction = try attributes.choice("reduction", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 0 { attributes.set("axis", axis) }
    if reduction != .none { attributes.set("reduction", reduction.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (data, indices, updates) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
    _ = try ElementPlaces.check(data, indices, axis: axis, name)
    if let one = indices.shape, let two = updates.shape,
      one.count != two.count || zip(one, two).contains(where: { $0.isProvablyDifferent(from: $1) })
    {
      throw .invalid(
        "operator/shape", "ScatterElements needs an index for each update, but has \(indices) and \(updates)")
    }
    return [.tensor(data)]
  }

  func runs(
    _ data: Tensor, _ indices: Tensor
  ) throws(Diagnostic) -> ((Int, Int, Int) -> Void) -> Void {
    let places = try ElementPlaces(data.shape, indices, axis: axis, name)
    return { body in places.forEach { number, place in body(place, number, 1) } }
  }
}
