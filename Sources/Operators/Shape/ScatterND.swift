import LatheDiagnostics
import LatheIR
import LatheTensors

/// The data with updates written over slices that coordinates of the first axes point at; negative ones count from the
/// back.
public struct ScatterND: Scattering {
  public static let schema = OperatorSchema(
    "ScatterND", since: 18,
    inputs: [.init("data", "T", .movable), .init("indices", "", .int64), .init("updates", "T", .movable)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["reduction": .string])

  public var reduction: ScatterReduction

  public init(reduction: ScatterReduction = .none) { self.reduction = reduction }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    reduction = try attributes.choice("reduction", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    if reduction != .none { attributes.set("reduction", reduction.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (data, indices, updates) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
    guard let shape = data.shape, let places = indices.shape else { return [.tensor(data)] }
    guard !shape.isEmpty, let last = places.last else {
      throw .invalid("operator/rank", "ScatterND does not take \(data) and the indices \(indices)")
    }
    guard let depth = last.known else { return [.tensor(data)] }
    guard depth <= shape.count else {
      throw .invalid("operator/rank", "coordinates of \(depth) axes are too many for \(data)")
    }
    let expected = places.dropLast() + shape.dropFirst(depth)
    if let given = updates.shape,
      given.count != expected.count || zip(given, expected).contains(where: { $0.isProvablyDifferent(from: $1) })
    {
      throw .invalid("operator/shape", "the updates of ScatterND should have the shape \(expected), but are \(updates)")
    }
    return [.tensor(data)]
  }

  func runs(
    _ data: Tensor, _ indices: Tensor
  ) throws(Diagnostic) -> ((Int, Int, Int) -> Void) -> Void {
    let places = try SlicePlaces(data.shape, indices, name)
    return { body in
      for (number, start) in places.starts.enumerated() { body(start, number * places.length, places.length) }
    }
  }
}
