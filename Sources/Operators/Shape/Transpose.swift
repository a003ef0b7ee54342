import LatheDiagnostics
import LatheIR
import LatheTensors

/// The axes in another order: axis i of the result is axis `permutation[i]` of the input.
public struct Transpose: Evaluable, ShapeArithmetic {
  public static let schema = OperatorSchema(
    "Transpose", since: 25,
    inputs: [.init("data", "T", .movableWithPacked)],
    outputs: [.init("transposed", "T", .movableWithPacked)],
    attributes: ["perm": .integers])

  /// Order of the axes; nil reverses them.
  public var permutation: [Int]?

  public init(permutation: [Int]? = nil) { self.permutation = permutation }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    permutation = try attributes.integers("perm")
  }

  public func encode(into attributes: inout Attributes) {
    if let permutation { attributes.set("perm", permutation) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let shape = type.shape else {
      guard let permutation else { return [.tensor(type)] }
      _ = try order(rank: Swift.min(permutation.count, Tensor.maximumRank))
      return [.tensor(TensorType(type.dtype, .unknown(permutation.count)))]
    }
    return [.tensor(TensorType(type.dtype, try order(rank: shape.count).map { shape[$0] }))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] { [inputs.optional(0)?.followed] }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let order = try order(rank: input.rank)
    // Moving axes of extent 1 moves no element.
    let moved = order.filter { input.shape[$0] != 1 }
    if moved == moved.sorted() { return [try input.reshaped(to: order.map { input.shape[$0] })] }
    return [try input.gathered(by: StridedLayout(contiguous: input.shape).permuted(order))]
  }

  private func order(rank: Int) throws(Diagnostic) -> [Int] {
    guard let permutation else { return Array((0..<rank).reversed()) }
    guard permutation.count == rank else {
      throw .invalid("operator/axis", "perm lists \(permutation.count) axes, but the tensor has \(rank)")
    }
    guard permutation.sorted() == Array(0..<rank) else {
      throw .invalid("operator/axis", "perm = \(permutation) is no order of the \(rank) axes of a tensor")
    }
    return permutation
  }
}

extension Transpose: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let y = outputs.first?.shape else { return nil }
    let order = permutation ?? Array(y.indices.reversed())
    guard order.count == y.count else { return nil }
    var map = AxisMap(inputs: 1)
    let axes = y.map { map.axis($0) }
    var source = axes
    for (position, axis) in order.enumerated() { source[axis < 0 ? axis + order.count : axis] = axes[position] }
    map.inputs[0] = source
    map.outputs[0] = axes
    return map
  }
}
