import LatheDiagnostics
import LatheIR
import LatheTensors

/// Matrix product over the last two axes, the others broadcasting; a vector is a row on the left and a column on the
/// right.
///
/// Floats of 16 bits are summed in Float and rounded once; integers wrap.
public struct MatMul: NumericEvaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "MatMul", since: 13,
    inputs: [.init("A", "T", .wide), .init("B", "T", .wide)],
    outputs: [.init("Y", "T", .wide)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
    guard var left = a.shape, var right = b.shape else { return [.tensor(TensorType(a.dtype, nil))] }
    guard let inner = left.last, !right.isEmpty else {
      throw .invalid("operator/rank", "MatMul takes no scalars, but is given \(a) and \(b)")
    }
    let (isRow, isColumn) = (left.count == 1, right.count == 1)
    if isRow { left.insert(1, at: 0) }
    if isColumn { right.append(1) }
    guard !inner.isProvablyDifferent(from: right[right.count - 2]) else {
      throw .invalid(
        "operator/inner-dimension", "\(a) and \(b) cannot be multiplied: \(inner) against \(right[right.count - 2])")
    }
    let batches = [left, right].map { TensorType(a.dtype, Array($0.dropLast(2))) }
    guard var shape = try Broadcasting.shape(of: batches) else { return [.tensor(TensorType(a.dtype, nil))] }
    if !isRow { shape.append(left[left.count - 2]) }
    if !isColumn { shape.append(right[right.count - 1]) }
    return [.tensor(TensorType(a.dtype, shape))]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    var (a, b) = try inputs.pair()
    if a.rank == 1 { a = try a.reshaped(to: [1] + a.shape) }
    if b.rank == 1 { b = try b.reshaped(to: b.shape + [1]) }
    a = try MatrixProduct.widened(a, from: T.self)
    b = try MatrixProduct.widened(b, from: T.self)
    guard let batch = StridedLayout.broadcast([Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))]) else {
      throw .invalid("operator/broadcast", "\(a.shape) and \(b.shape) do not broadcast")
    }
    let product =
      a.dtype == T.dtype
      ? try MatrixProduct.batched(a, b, batch: batch, as: T.self)
      : try MatrixProduct.batched(a, b, batch: batch, as: Float.self)
    return [try MatrixProduct.narrowed(product, to: T.self).reshaped(to: shape)]
  }
}

extension MatMul: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let a = inputs.optional(0)?.type.tensor?.shape, let b = inputs.optional(1)?.type.tensor?.shape, let y = outputs.first?.shape,
      let inner = a.last, !b.isEmpty
    else { return nil }
    var map = AxisMap(inputs: 2)
    let k = map.axis(inner, .contracted)
    let axes = y.map { map.axis($0) }
    let (row, column) = (a.count > 1 ? 1 : 0, b.count > 1 ? 1 : 0)
    let batch = Array(axes.dropLast(row + column))
    let extents = Array(y.dropLast(row + column))
    guard let left = map.align(Array(a.dropLast(2)), to: batch, of: extents),
      let right = map.align(Array(b.dropLast(2)), to: batch, of: extents)
    else { return nil }
    map.inputs[0] = left + (row == 1 ? [axes[axes.count - 1 - column]] : []) + [k]
    map.inputs[1] = right + [k] + (column == 1 ? [axes[axes.count - 1]] : [])
    map.outputs[0] = axes
    return map
  }
}
