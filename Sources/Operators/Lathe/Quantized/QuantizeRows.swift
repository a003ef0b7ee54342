import LatheDiagnostics
import LatheIR
import LatheTensors

/// Symmetric INT8 values of floats: q = x / scale, rounded to the nearest of −127 … 127, ties to even.
///
/// With `scale`, one number, all values share it, and with one for each column, those of the column (static). Without, each row along the last axis has its own, the largest magnitude / 127
/// (dynamic, per token), and the second output is these scales, [… , 1]. With `factors`, one for each column, x is first multiplied with them.
public struct QuantizeRows: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizeRows", domain: "lathe", since: 1,
    inputs: [
      .init("X", "S", [.float32]), .init("scale", "S", [.float32], .optional), .init("factors", "S", [.float32], .optional),
    ],
    outputs: [.init("Q", "", [.int8]), .init("row_scale", "S", [.float32], .optional)],
    attributes: [:])

  public init() {}

  public init(decoding attributes: Attributes) throws(Diagnostic) {}

  public func encode(into attributes: inout Attributes) {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let rank = x.rank, rank == 0 { throw .invalid("operator/quantized", "\(name): a number alone has no rows") }
    if let scale = inputs.optional(1) { try inputs.checkNumberOrColumns(scale, x.shape?.last, name) }
    if let factors = inputs.optional(2) {
      guard try factors.tensor().rank == 1 else {
        throw .invalid("operator/quantized", "\(name): factors of \(try factors.tensor()) are not one for each column")
      }
      try inputs.checkNumberOrColumns(factors, x.shape?.last, name)
    }
    let codes = ValueType.tensor(TensorType(.int8, x.shape))
    guard inputs.optional(1) == nil else { return [codes] }
    return [codes, .tensor(TensorType(.float32, x.shape.map { Array($0.dropLast()) + [1] }))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let values = x.elements(as: Float.self) ?? []
    var results = QuantizedResults(x.shape, scale: inputs.optional(1), isDynamic: inputs.optional(1) == nil)
    let width = x.shape.last ?? 1
    let factors = inputs.optional(2)?.elements(as: Float.self)
    for start in stride(from: 0, to: values.count, by: max(1, width)) {
      let row = Array(values[start..<start + width])
      try results.append(factors.map { factors in zip(row, factors).map { $0 * $1 } } ?? row)
    }
    return Array(try results.tensors().dropFirst())
  }
}

extension QuantizeRows: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    var x = inputs[0]
    if inputs.count > 2, let factors = inputs[2] { x = try builder.add(Mul(), [x, factors]) }
    if inputs.count > 1, let scale = inputs[1] { return [try builder.quantized(x, by: scale)] }
    let magnitudes = try builder.add(Abs(), [x])
    let most = try builder.add(ReduceMax(), [magnitudes, try builder.integers("axes", [-1])])
    let floor = try builder.add(Max(), [most, try builder.number(0x1p-100, like: most)])
    let scale = try builder.add(Div(), [floor, try builder.number(127, like: floor)])
    // Quotients are within −127 … 127 by themselves.
    let rounded = try builder.add(Round(), [try builder.add(Div(), [x, scale])])
    return [try builder.add(Cast(to: .int8), [rounded]), scale]
  }
}
