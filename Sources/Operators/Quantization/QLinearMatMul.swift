import LatheDiagnostics
import LatheIR
import LatheTensors

/// Matrix product of quantized tensors, requantized: round(Σ · (a scale · b scale / y scale)) + y zero point.
///
/// Sums of integers are taken in 32 bits, sums of 8-bit floats in `Float`. The factor and the product with it are those of
/// `Float`, as in ONNX Runtime.
public struct QLinearMatMul: Evaluable, QuantizedProduct, AttributeFree {
  private static let types = DTypeDomain.bytes.union(.float8)
  private static let scales: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "QLinearMatMul", since: 21,
    inputs: [
      .init("a", "T1", types), .init("a_scale", "TS", scales), .init("a_zero_point", "T1", types),
      .init("b", "T2", types),
      .init("b_scale", "TS", scales), .init("b_zero_point", "T2", types), .init("y_scale", "TS", scales),
      .init("y_zero_point", "T3", types),
    ],
    outputs: [.init("y", "T3", types)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(3))
    for position in [1, 2] { try ProductSide.rows.check(try inputs.tensor(position), a) }
    for position in [4, 5] { try ProductSide.columns.check(try inputs.tensor(position), b) }
    let type = TensorType(try inputs.tensor(7).dtype, try productShape(a, b))
    for position in [6, 7] { try ProductSide.rows.check(try inputs.tensor(position), type) }
    return [.tensor(type)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b, zeroPoint) = (try inputs.required(0), try inputs.required(3), try inputs.required(7))
    let (aZero, bZero) = (try inputs.required(2), try inputs.required(5))
    let isInteger = a.dtype.isInteger && b.dtype.isInteger
    let sums =
      isInteger
      ? try product(try QuantizedMatrix.centred(a, aZero, .rows), try QuantizedMatrix.centred(b, bZero, .columns))
      : try product(
        try QuantizedMatrix.centredFloats(a, aZero, .rows), try QuantizedMatrix.centredFloats(b, bZero, .columns))
    let rank = sums.rank
    let factor = try Requantization.factor(
      try ProductSide.rows.spread(single(try inputs.required(1)), rank: rank),
      try ProductSide.columns.spread(single(try inputs.required(4)), rank: rank),
      try ProductSide.rows.spread(single(try inputs.required(6)), rank: rank))
    let spreadZero = try ProductSide.rows.spread(zeroPoint, rank: rank)
    if isInteger, zeroPoint.dtype.isInteger { return [try Requantization.requantized(sums, factor, spreadZero)] }
    let floats = isInteger ? try Broadcasting.map(sums) { (x: Int32) in Float(x) } : sums
    let scaled = try Broadcasting.map(floats, factor) { (x: Float, factor: Float) in x * factor }
    guard let values = scaled.doubles(), let zeros = try spreadZero.broadcast(to: scaled.shape).doubles() else {
      throw name.unsupported(zeroPoint.dtype)
    }
    let coding = QuantizedCoding(zeroPoint.dtype)
    return [
      try coding.tensor(shape: scaled.shape) { target in
        for index in target.indices { target[index] = coding.bits(values[index], zeros[index]) }
      }
    ]
  }

  /// Scales as `Float`.
  private func single(_ scale: Tensor) throws(Diagnostic) -> Tensor {
    try Tensor((scale.doubles() ?? []).map { Float($0) }, shape: scale.shape)
  }
}
