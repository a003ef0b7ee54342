import LatheDiagnostics
import LatheIR
import LatheTensors

/// Slices of the data picked by coordinates of their first axes; negative ones count from the back.
public struct GatherND: Evaluable {
  public static let schema = OperatorSchema(
    "GatherND", since: 13,
    inputs: [.init("data", "T", .movable), .init("indices", "", .int64)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["batch_dims": .integer])

  /// How many first axes data and indices have in common.
  public var batchAxes: Int

  public init(batchAxes: Int = 0) { self.batchAxes = batchAxes }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    batchAxes = try attributes.integer("batch_dims", default: 0)
    guard batchAxes >= 0 else {
      throw .invalid("operator/attribute-value", "batch_dims = \(batchAxes) is no number of axes")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if batchAxes != 0 { attributes.set("batch_dims", batchAxes) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
    guard let shape = data.shape, let places = indices.shape else { return [.tensor(TensorType(data.dtype, nil))] }
    guard batchAxes < shape.count, batchAxes < places.count, let last = places.last else {
      throw .invalid(
        "operator/rank", "GatherND with \(batchAxes) batch axes does not take \(data) and the indices \(indices)")
    }
    for (one, two) in zip(shape.prefix(batchAxes), places.prefix(batchAxes)) where one.isProvablyDifferent(from: two) {
      throw .invalid("operator/shape", "the batch axes of \(data) and of the indices \(indices) differ")
    }
    guard let depth = last.known else { return [.tensor(TensorType(data.dtype, nil))] }
    guard depth >= 0, depth <= shape.count - batchAxes else {
      throw .invalid("operator/rank", "coordinates of \(depth) axes are too many for \(data)")
    }
    return [.tensor(TensorType(data.dtype, places.dropLast() + shape.dropFirst(batchAxes + depth)))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (data, indices) = try inputs.pair()
    let shape = try concreteShape(inputs)
    let places = try SlicePlaces(data.shape, indices, batchAxes: batchAxes, name)
    let result = try Tensor(dtype: data.dtype, shape: shape, copying: [data]) { emit in
      guard !shape.contains(0) else { return }
      for start in places.starts { emit(ElementRun(source: 0, start: start, count: places.length)) }
    }
    return [result]
  }
}
