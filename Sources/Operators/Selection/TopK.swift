import LatheDiagnostics
import LatheIR
import LatheTensors

/// The K largest or smallest elements along one axis, best first, and where they are; the earlier of equals comes first.
///
/// NaN counts as greater than all numbers. The order is the same whether or not a sorted one is asked for.
public struct TopK: Evaluable {
  public static let schema = OperatorSchema(
    "TopK", since: 24,
    inputs: [.init("X", "T", .numeric), .init("K", "", .int64)],
    outputs: [.init("Values", "T", .numeric), .init("Indices", "I", .int64)],
    attributes: ["axis": .integer, "largest": .integer, "sorted": .integer])

  /// The axis that is searched; negative counts from the back.
  public var axis: Int
  /// Whether the largest elements are wanted, rather than the smallest.
  public var wantsLargest: Bool
  /// Whether the elements have to come in order.
  public var isSorted: Bool

  public init(axis: Int = -1, wantsLargest: Bool = true, isSorted: Bool = true) {
    self.axis = axis
    self.wantsLargest = wantsLargest
    self.isSorted = isSorted
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: -1)
    wantsLargest = try attributes.flag("largest", default: true)
    isSorted = try attributes.flag("sorted", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != -1 { attributes.set("axis", axis) }
    if !wantsLargest { attributes.set("largest", false) }
    if !isSorted { attributes.set("sorted", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard var shape = type.shape else { return [.tensor(type), .tensor(TensorType(.int64, nil))] }
    let axis = try normalized(axis: axis, rank: shape.count)
    let count = inputs.optional(1)
    let number = try count?.single("K")
    let wanted = number.map { .known($0) } ?? count?.elements?.first ?? .unknown
    if let number {
      guard number >= 0, shape[axis].known.map({ number <= $0 }) ?? true else {
        throw .invalid("operator/top-k", "TopK cannot take \(number) elements of the axis \(axis) of \(type)")
      }
    }
    shape[axis] = wanted
    return [.tensor(TensorType(type.dtype, shape)), .tensor(TensorType(.int64, shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let axis = try normalized(axis: axis, rank: x.rank)
    guard let keys = OrderedKeys(x)?.keys else { throw name.unsupported(x.dtype) }
    let (extent, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    let (wanted, outer) = (shape[axis], x.shape[..<axis].reduce(1, *))
    guard !shape.contains(0) else {
      return [try Tensor(dtype: x.dtype, shape: shape) { _ in }, try Tensor([Int64](), shape: shape)]
    }
    var positions = [Int](repeating: 0, count: outer * wanted * inner)
    for line in 0..<outer * inner {
      let first = (line / inner) * extent * inner + line % inner
      let target = (line / inner) * wanted * inner + line % inner
      for (rank, index) in best(wanted, of: extent, { keys[first + $0 * inner] }).enumerated() {
        positions[target + rank * inner] = index
      }
    }
    let block = wanted * inner
    let values = try Tensor(dtype: x.dtype, shape: shape, copying: [x]) { emit in
      for (place, index) in positions.enumerated() {
        emit(ElementRun(source: 0, start: (place / block * extent + index) * inner + place % inner, count: 1))
      }
    }
    return [values, try Tensor(positions.map(Int64.init), shape: shape)]
  }

  /// The indices of the best elements of one line, best first.
  private func best(_ wanted: Int, of extent: Int, _ key: (Int) -> UInt64) -> [Int] {
    let keyed = (0..<extent).map { (key: wantsLargest ? ~key($0) : key($0), index: $0) }
    guard wanted > 1 else {
      return keyed.min { $0.key != $1.key ? $0.key < $1.key : $0.index < $1.index }.map { [$0.index] } ?? []
    }
    return keyed.sorted { $0.key != $1.key ? $0.key < $1.key : $0.index < $1.index }.prefix(wanted).map(\.index)
  }
}

extension TopK: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, x.count == y.count,
      let along = try? normalized(axis: axis, rank: x.count)
    else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    var axes = x.map { map.axis($0) }
    axes[along] = map.axis(x[along], .normalized)
    map.inputs[0] = axes
    axes[along] = map.axis(y[along], .fresh)
    for position in outputs.indices { map.outputs[position] = axes }
    return map
  }
}
