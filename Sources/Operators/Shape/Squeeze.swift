import LatheDiagnostics
import LatheIR
import LatheTensors

/// The same elements without some axes of extent 1, or without all of them.
public struct Squeeze: Reshaping, AttributeFree {
  public static let schema = OperatorSchema(
    "Squeeze", since: 25,
    inputs: [.init("data", "T", .movableWithPacked), .init("axes", "", .int64, .optional)],
    outputs: [.init("squeezed", "T", .movableWithPacked)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let operand = inputs.optional(1) else { return [.tensor(TensorType(type.dtype, allSqueezed(type.shape)))] }
    guard let axes = try operand.axes() else {
      let rank = type.rank.flatMap { rank in operand.axisCount.flatMap { $0 <= rank ? rank - $0 : nil } }
      return [.tensor(TensorType(type.dtype, .unknown(rank)))]
    }
    guard let shape = type.shape else { return [.tensor(type)] }
    let removed = try normalized(axes: axes, rank: shape.count, allowsRepeats: true)
    for axis in removed where shape[axis].isProvablyDifferent(from: 1) {
      throw .invalid("operator/squeeze", "the axis \(axis) of \(type) cannot be removed, as its extent is not 1")
    }
    return [.tensor(TensorType(type.dtype, shape.indices.filter { !removed.contains($0) }.map { shape[$0] }))]
  }

  /// A symbolic extent may be 1, so that not even the rank is known.
  private func allSqueezed(_ shape: Shape?) -> Shape? {
    guard let shape, shape.allSatisfy({ $0.known != nil }) else { return nil }
    return shape.filter { $0 != 1 }
  }
}

extension Squeeze {
  /// Names the axes, since one that was cut down to 1 would go with those that were 1 before.
  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard inputs.optional(1) == nil, let axes = map.inputs[0] else { return (self, inputs) }
    let removed = axes.indices.filter { axes[$0] == AxisMap.one }.map { Int64($0) }
    return (self, [inputs.optional(0), try Tensor(removed, shape: [removed.count])])
  }
}
