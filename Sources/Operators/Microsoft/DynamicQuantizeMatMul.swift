import LatheDiagnostics
import LatheIR
import LatheTensors

/// A quantized as DynamicQuantizeLinear does, times a quantized matrix, scaled back, plus a bias.
public struct DynamicQuantizeMatMul: Evaluable, QuantizedProduct, AttributeFree {
  public static let schema = OperatorSchema(
    "DynamicQuantizeMatMul", domain: "com.microsoft", since: 1,
    inputs: [
      .init("A", "T1", [.float32]), .init("B", "T2", .bytes), .init("b_scale", "T1", [.float32]),
      .init("b_zero_point", "T2", .bytes, .optional), .init("bias", "T1", [.float32], .optional),
    ],
    outputs: [.init("Y", "T1", [.float32])])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
    for position in 2...4 { try ProductSide.columns.check(try inputs.optional(position)?.tensor(), b) }
    return [.tensor(TensorType(.float32, try productShape(a, b)))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let b = try inputs.required(1)
    let parts = try DynamicQuantizeLinear().evaluate([try inputs.required(0)])
    let sums = try product(
      try QuantizedMatrix.centred(parts[0], parts[2], .rows),
      try QuantizedMatrix.centred(b, inputs.optional(3), .columns))
    let scale = try ProductSide.columns.spread(try inputs.required(2), rank: sums.rank)
    return [try QuantizedMatrix.scaled(sums, parts[1], scale, bias: inputs.optional(4))]
  }
}
