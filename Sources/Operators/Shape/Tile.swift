import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input repeated along each axis.
public struct Tile: Evaluable, ShapeArithmetic, AttributeFree {
  public static let schema = OperatorSchema(
    "Tile", since: 13,
    inputs: [.init("input", "T", .movable), .init("repeats", "T1", .int64)],
    outputs: [.init("output", "T", .movable)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard let operand = inputs.optional(1) else { return [.tensor(TensorType(type.dtype, nil))] }
    let repeats = try operand.vector("list of repeats")
    let length = repeats?.count ?? operand.vectorLength
    if let negative = repeats?.first(where: { $0.known.map { $0 < 0 } ?? false }) {
      throw .invalid("operator/tile", "Tile cannot repeat an axis \(negative) times")
    }
    guard let shape = type.shape else { return [.tensor(TensorType(type.dtype, .unknown(length)))] }
    if let length, length != shape.count {
      throw .invalid("operator/tile", "\(length) repeats are given for \(type), one for each axis is needed")
    }
    guard let repeats else { return [.tensor(TensorType(type.dtype, .unknown(shape.count)))] }
    if let numbers = type.knownShape {
      for case (let extent, let count?) in zip(numbers, repeats.map(\.known))
      where extent.multipliedReportingOverflow(by: count).overflow {
        throw .invalid("operator/tile", "\(type) repeated \(repeats) times is too large to be counted")
      }
    }
    return [.tensor(TensorType(type.dtype, zip(shape, repeats).map { $0 * $1 }))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let data = inputs.optional(0), data.type.tensor?.rank == 1, let elements = data.followed,
      let count = inputs.optional(1)?.integers?.first, count >= 0,
      elements.isEmpty || count <= Operand.maximumElements / elements.count
    else { return [nil] }
    return [elements.isEmpty ? [] : (0..<count).flatMap { _ in elements }]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let shape = try concreteShape(inputs)
    guard !shape.contains(0) else { return [try Tensor.zeros(input.dtype, shape)] }
    let strides = StridedLayout.rowMajorStrides(input.shape)
    var layout = StridedLayout(shape: [], strides: [])
    for axis in shape.indices {
      layout.shape += [shape[axis] / input.shape[axis], input.shape[axis]]
      layout.strides += [0, strides[axis]]
    }
    return [try input.gathered(by: layout).reshaped(to: shape)]
  }
}

extension Tile: AxisMapping {
  /// A repeated axis is a product: of the repeats, and of the axis as it was.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, x.count == y.count else { return nil }
    var map = AxisMap(inputs: inputs.count)
    var (before, after): ([AxisMap.Axis], [AxisMap.Axis]) = ([], [])
    for (own, extent) in zip(x, y) {
      guard own != 0, let repeats = extent.exactlyDivided(by: own) else {
        before.append(map.axis(own, .fresh))
        after.append(map.axis(extent, .fresh))
        continue
      }
      let atom = map.atom(own)
      before.append([[atom]])
      after.append(repeats == 1 ? [[atom]] : [[map.atom(repeats, .fresh), atom]])
    }
    map.inputs[0] = before
    map.outputs[0] = after
    return map
  }
}
