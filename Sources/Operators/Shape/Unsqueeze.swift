import LatheDiagnostics
import LatheIR
import LatheTensors

/// The same elements with further axes of extent 1, at the given places of the result.
public struct Unsqueeze: Reshaping, AttributeFree {
  public static let schema = OperatorSchema(
    "Unsqueeze", since: 25,
    inputs: [.init("data", "T", .movableWithPacked), .init("axes", "", .int64)],
    outputs: [.init("expanded", "T", .movableWithPacked)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let axes = try inputs.optional(1)?.axes() else {
      let rank = type.rank.flatMap { rank in inputs.optional(1)?.axisCount.map { rank + $0 } }
      return [.tensor(TensorType(type.dtype, .unknown(rank)))]
    }
    guard var shape = type.shape else { return [.tensor(type)] }
    for axis in try normalized(axes: axes, rank: shape.count + axes.count) { shape.insert(.known(1), at: axis) }
    return [.tensor(TensorType(type.dtype, shape))]
  }
}
