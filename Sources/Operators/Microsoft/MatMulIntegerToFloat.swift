import LatheDiagnostics
import LatheIR
import LatheTensors

/// Matrix product of integers of 8 bits less their zero points, times both scales, plus a bias.
///
/// Sums are taken in 32 bits, everything behind them in `Float`.
public struct MatMulIntegerToFloat: Evaluable, QuantizedProduct, AttributeFree {
  private static let scales: DTypeDomain = [.float32, .float16]

  public static let schema = OperatorSchema(
    "MatMulIntegerToFloat", domain: "com.microsoft", since: 1,
    inputs: [
      .init("A", "T1", .bytes), .init("B", "T2", .bytes), .init("a_scale", "T3", scales),
      .init("b_scale", "T3", scales),
      .init("a_zero_point", "T1", .bytes, .optional), .init("b_zero_point", "T2", .bytes, .optional),
      .init("bias", "T3", scales, .optional),
    ],
    outputs: [.init("Y", "T3", scales)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
    for position in [2, 4] { try ProductSide.rows.check(try inputs.optional(position)?.tensor(), a) }
    for position in [3, 5, 6] { try ProductSide.columns.check(try inputs.optional(position)?.tensor(), b) }
    return [.tensor(TensorType(try inputs.tensor(2).dtype, try productShape(a, b)))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    let (aScale, bScale) = (try inputs.required(2), try inputs.required(3))
    let sums = try product(
      try QuantizedMatrix.centred(a, inputs.optional(4), .rows),
      try QuantizedMatrix.centred(b, inputs.optional(5), .columns))
    let result = try QuantizedMatrix.scaled(
      sums, try ProductSide.rows.spread(aScale.converted(to: Float.self), rank: sums.rank),
      try ProductSide.columns.spread(bScale.converted(to: Float.self), rank: sums.rank),
      bias: try inputs.optional(6)?.converted(to: Float.self))
    return [try result.narrowed(to: aScale.dtype)]
  }
}

extension QuantizedMatrix {
  /// Sums times both scales plus a bias, in `Float`.
  static func scaled(_ sums: Tensor, _ a: Tensor, _ b: Tensor, bias: Tensor?) throws(Diagnostic) -> Tensor {
    let factor = try Broadcasting.map(a, b) { (a: Float, b: Float) in a * b }
    let scaled = try Broadcasting.map(sums, factor) { (sum: Int32, factor: Float) in Float(sum) * factor }
    guard let bias else { return scaled }
    return try Broadcasting.map(scaled, bias) { (x: Float, y: Float) in x + y }
  }
}
