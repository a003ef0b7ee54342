import LatheDiagnostics
import LatheIR
import LatheTensors

/// α · A·B + C of quantized matrices, transposed on demand; requantized, or in `Float` without a scale of the result.
///
/// C is quantized with the scale α · a scale · b scale, so it is added to the sums.
public struct QGemm: Evaluable, QuantizedProduct {
  public static let schema = OperatorSchema(
    "QGemm", domain: "com.microsoft", since: 1,
    inputs: [
      .init("A", "TA", .bytes), .init("a_scale", "T", [.float32]), .init("a_zero_point", "TA", .bytes),
      .init("B", "TB", .bytes), .init("b_scale", "T", [.float32]), .init("b_zero_point", "TB", .bytes),
      .init("C", "TC", [.int32], .optional), .init("y_scale", "T", [.float32], .optional),
      .init("y_zero_point", "TYZ", .bytes, .optional),
    ],
    outputs: [.init("Y", "TY", DTypeDomain.bytes.union([.float32]))],
    attributes: ["alpha": .float, "transA": .integer, "transB": .integer])

  /// Factor of the product.
  public var alpha: Float
  /// Whether A is given as [k, m].
  public var transposesA: Bool
  /// Whether B is given as [n, k].
  public var transposesB: Bool

  public init(alpha: Float = 1, transposesA: Bool = false, transposesB: Bool = false) {
    self.alpha = alpha
    self.transposesA = transposesA
    self.transposesB = transposesB
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
    transposesA = try attributes.flag("transA", default: false)
    transposesB = try attributes.flag("transB", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
    if transposesA { attributes.set("transA", true) }
    if transposesB { attributes.set("transB", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(3))
    let operands = [a, b, try inputs.optional(6)?.tensor()].map { type in
      type.map { Operand(type: .tensor(TensorType(.int32, $0.shape))) }
    }
    let shape = try Gemm(transposesA: transposesA, transposesB: transposesB).infer(operands)[0].tensor?.shape
    for position in [1, 2, 7, 8] { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    for position in [4, 5] { try ZeroPoints.check(try inputs.tensor(position), channels: shape?[1] ?? .unknown) }
    guard (inputs.optional(7) == nil) == (inputs.optional(8) == nil) else {
      throw .invalid("operator/quantization", "QGemm needs y_scale and y_zero_point together")
    }
    return [.tensor(TensorType(try inputs.optional(8)?.tensor().dtype ?? .float32, shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let a = try inputs.required(0).permuted(transposesA ? [1, 0] : [0, 1])
    let b = try inputs.required(3).permuted(transposesB ? [1, 0] : [0, 1])
    var sums = try product(
      try ZeroPoints.subtracted(from: a, try inputs.required(2), axis: nil),
      try ZeroPoints.subtracted(from: b, try inputs.required(5), axis: 1))
    if let c = inputs.optional(6) { sums = try Broadcasting.map(sums, c) { (x: Int32, y: Int32) in x &+ y } }
    let aScale = try Broadcasting.map(try inputs.required(1).reshaped(to: [])) { (scale: Float) in scale * alpha }
    let bScale = try inputs.required(4)
    guard let scale = inputs.optional(7), let zeroPoint = inputs.optional(8) else {
      return [try QuantizedMatrix.scaled(sums, aScale, bScale, bias: nil)]
    }
    let factor = try Requantization.factor(aScale, bScale, try scale.reshaped(to: []))
    return [try Requantization.requantized(sums, factor, try zeroPoint.reshaped(to: []))]
  }
}
