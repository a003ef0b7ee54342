import LatheDiagnostics
import LatheIR
import LatheTensors

/// α·A·B + β·C for matrices, A and B transposed on demand, C broadcasting.
///
/// Floats of 16 bits are summed in Float and rounded once; integers wrap unless α or β is no integer 1.
public struct Gemm: NumericEvaluable {
  public static let schema = OperatorSchema(
    "Gemm", since: 13,
    inputs: [.init("A", "T", .wide), .init("B", "T", .wide), .init("C", "T", .wide, .optional)],
    outputs: [.init("Y", "T", .wide)],
    attributes: ["alpha": .float, "beta": .float, "transA": .integer, "transB": .integer])

  /// Factor of the product.
  public var alpha: Float
  /// Factor of C.
  public var beta: Float
  /// Whether A is given as [k, m].
  public var transposesA: Bool
  /// Whether B is given as [n, k].
  public var transposesB: Bool

  public init(alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false) {
    self.alpha = alpha
    self.beta = beta
    self.transposesA = transposesA
    self.transposesB = transposesB
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
    beta = try attributes.float("beta", default: 1)
    transposesA = try attributes.flag("transA", default: false)
    transposesB = try attributes.flag("transB", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
    if beta != 1 { attributes.set("beta", beta) }
    if transposesA { attributes.set("transA", true) }
    if transposesB { attributes.set("transB", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
    for type in [a, b] {
      guard let rank = type.rank, rank != 2 else { continue }
      throw .invalid("operator/rank", "Gemm takes matrices, but is given \(type)")
    }
    let left = a.shape ?? [.unknown, .unknown]
    let right = b.shape ?? [.unknown, .unknown]
    let (m, innerA) = transposesA ? (left[1], left[0]) : (left[0], left[1])
    let (innerB, n) = transposesB ? (right[1], right[0]) : (right[0], right[1])
    guard !innerA.isProvablyDifferent(from: innerB) else {
      throw .invalid("operator/inner-dimension", "\(a) and \(b) cannot be multiplied: \(innerA) against \(innerB)")
    }
    let result = TensorType(a.dtype, [m, n])
    if let c = inputs.optional(2) { try checkAddend(try c.tensor(), fits: result) }
    return [.tensor(result)]
  }

  /// C may be stretched to the product, not the product to C.
  private func checkAddend(_ c: TensorType, fits result: TensorType) throws(Diagnostic) {
    guard let shape = c.shape, let target = result.shape else { return }
    let fits =
      shape.count <= 2
      && zip(shape.reversed(), target.reversed()).allSatisfy { own, wanted in
        own == 1 || !own.isProvablyDifferent(from: wanted)
      }
    guard fits else { throw .invalid("operator/broadcast", "Gemm cannot add \(c) to a product of \(result)") }
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    var (a, b) = try inputs.pair()
    if transposesA { a = try a.gathered(by: StridedLayout(contiguous: a.shape).permuted([1, 0])) }
    if transposesB { b = try b.gathered(by: StridedLayout(contiguous: b.shape).permuted([1, 0])) }
    a = try MatrixProduct.widened(a, from: T.self)
    b = try MatrixProduct.widened(b, from: T.self)
    let c = try inputs.optional(2).map { (c) throws(Diagnostic) in try MatrixProduct.widened(c, from: T.self) }
    let result =
      a.dtype == T.dtype ? try combined(a, b, c, as: T.self) : try combined(a, b, c, as: Float.self)
    return [try MatrixProduct.narrowed(result, to: T.self)]
  }

  private func combined<T: NumericElement>(_ a: Tensor, _ b: Tensor, _ c: Tensor?, as type: T.Type) throws(Diagnostic)
    -> Tensor
  {
    let product = try MatrixProduct.batched(a, b, batch: [], as: T.self)
    if alpha == 1, beta == 1 {
      guard let c else { return product }
      return try Broadcasting.map(product, c) { (x: T, y: T) in T.adding(x, y) }
    }
    let (scale, weight) = (Double(alpha), Double(beta))
    guard let c, beta != 0 else { return try Broadcasting.map(product) { (x: T) in T(double: scale * x.double) } }
    return try Broadcasting.map(product, c) { (x: T, y: T) in T(double: scale * x.double + weight * y.double) }
  }
}

extension Gemm: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let a = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, a.count == 2, y.count == 2 else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let (m, n) = (map.axis(y[0]), map.axis(y[1]))
    let k = map.axis(transposesA ? a[0] : a[1], .contracted)
    map.inputs[0] = transposesA ? [k, m] : [m, k]
    map.inputs[1] = transposesB ? [n, k] : [k, n]
    map.outputs[0] = [m, n]
    guard let c = inputs.optional(2) else { return map }
    guard let shape = c.type.tensor?.shape, let axes = map.align(shape, to: [m, n], of: y) else { return nil }
    map.inputs[2] = axes
    return map
  }
}
