import LatheDiagnostics
import LatheIR
import LatheTensors

/// Matrix product of integers of 8 bits, less their zero points, in 32 bits.
public struct MatMulInteger: Evaluable, QuantizedProduct, AttributeFree {
  public static let schema = OperatorSchema(
    "MatMulInteger", since: 10,
    inputs: [
      .init("A", "T1", .bytes), .init("B", "T2", .bytes), .init("a_zero_point", "T1", .bytes, .optional),
      .init("b_zero_point", "T2", .bytes, .optional),
    ],
    outputs: [.init("Y", "T3", [.int32])])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
    try ProductSide.rows.check(try inputs.optional(2)?.tensor(), a)
    try ProductSide.columns.check(try inputs.optional(3)?.tensor(), b)
    return [.tensor(TensorType(.int32, try productShape(a, b)))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    return [
      try product(
        try QuantizedMatrix.centred(a, inputs.optional(2), .rows),
        try QuantizedMatrix.centred(b, inputs.optional(3), .columns))
    ]
  }
}

/// Matrices of quantized numbers as exact numbers.
enum QuantizedMatrix {
  /// Integers of 8 bits less their zero points, in 32 bits.
  static func centred(_ matrix: Tensor, _ zeroPoint: Tensor?, _ side: ProductSide) throws(Diagnostic) -> Tensor {
    let wide = try ZeroPoints.widened(matrix)
    guard let zeroPoint else { return wide }
    return try ZeroPoints.difference(wide, try side.spread(ZeroPoints.widened(zeroPoint), rank: matrix.rank))
  }

  /// Numbers of any type less their zero points, in `Float`.
  static func centredFloats(_ matrix: Tensor, _ zeroPoint: Tensor, _ side: ProductSide) throws(Diagnostic) -> Tensor {
    let values = try Tensor((matrix.doubles() ?? []).map { Float($0) }, shape: matrix.shape)
    let zeros = try Tensor((zeroPoint.doubles() ?? []).map { Float($0) }, shape: zeroPoint.shape)
    return try Broadcasting.map(values, try side.spread(zeros, rank: matrix.rank)) { (x: Float, y: Float) in x - y }
  }
}
