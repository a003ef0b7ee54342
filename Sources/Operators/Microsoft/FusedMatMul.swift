import LatheDiagnostics
import LatheIR
import LatheTensors

/// α · A·B as MatMul computes it, with operands transposed on demand.
///
/// A transposed batch moves the first axis behind all other batch axes, as ONNX Runtime has it.
public struct FusedMatMul: FloatEvaluable {
  public static let schema = OperatorSchema(
    "FusedMatMul", domain: "com.microsoft", since: 1,
    inputs: [.init("A", "T", .floats), .init("B", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: [
      "alpha": .float, "transA": .integer, "transB": .integer, "transBatchA": .integer, "transBatchB": .integer,
    ])

  /// Factor of the product.
  public var alpha: Float
  /// Whether the last two axes of A are exchanged.
  public var transposesA: Bool
  /// Whether the last two axes of B are exchanged.
  public var transposesB: Bool
  /// Whether the first axis of A comes last among its batch axes and rows.
  public var transposesBatchA: Bool
  /// Whether the first axis of B comes last among its batch axes and rows.
  public var transposesBatchB: Bool

  public init(
    alpha: Float = 1, transposesA: Bool = false, transposesB: Bool = false, transposesBatchA: Bool = false,
    transposesBatchB: Bool = false
  ) {
    self.alpha = alpha
    self.transposesA = transposesA
    self.transposesB = transposesB
    self.transposesBatchA = transposesBatchA
    self.transposesBatchB = transposesBatchB
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
    transposesA = try attributes.flag("transA", default: false)
    transposesB = try attributes.flag("transB", default: false)
    transposesBatchA = try attributes.flag("transBatchA", default: false)
    transposesBatchB = try attributes.flag("transBatchB", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
    if transposesA { attributes.set("transA", true) }
    if transposesB { attributes.set("transB", true) }
    if transposesBatchA { attributes.set("transBatchA", true) }
    if transposesBatchB { attributes.set("transBatchB", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let a = turned(try inputs.tensor(0), transposesA, transposesBatchA)
    let b = turned(try inputs.tensor(1), transposesB, transposesBatchB)
    return try MatMul().infer([Operand(type: .tensor(a)), Operand(type: .tensor(b))])
  }

  private func turned(_ type: TensorType, _ transposes: Bool, _ transposesBatch: Bool) -> TensorType {
    guard let shape = type.shape else { return type }
    return TensorType(type.dtype, Self.order(shape.count, transposes, transposesBatch).map { shape[$0] })
  }

  /// Where each axis of the operand comes from.
  static func order(_ rank: Int, _ transposes: Bool, _ transposesBatch: Bool) -> [Int] {
    var order = Array(0..<rank)
    guard rank >= 2 else { return order }
    if transposesBatch, rank >= 3 { order = Array(1..<rank - 1) + [0, rank - 1] }
    if transposes { order.swapAt(rank - 2, rank - 1) }
    return order
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    let product = try MatMul().evaluate([
      try a.permuted(Self.order(a.rank, transposesA, transposesBatchA)),
      try b.permuted(Self.order(b.rank, transposesB, transposesBatchB)),
    ])[0]
    guard alpha != 1 else { return [product] }
    return [try Broadcasting.map(product) { (x: T) in T(double: Double(alpha) * x.wide) }]
  }
}

extension FusedMatMul: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let a = inputs.optional(0)?.type.tensor, let b = inputs.optional(1)?.type.tensor else { return nil }
    let turns = [(transposesA, transposesBatchA), (transposesB, transposesBatchB)]
    let operands = [turned(a, transposesA, transposesBatchA), turned(b, transposesB, transposesBatchB)].map { Operand(type: .tensor($0)) }
    guard var map = MatMul().axisMap(operands, outputs) else { return nil }
    for (position, (transposes, transposesBatch)) in turns.enumerated() {
      guard let axes = map.inputs[position] else { continue }
      var own = axes
      for (place, axis) in Self.order(axes.count, transposes, transposesBatch).enumerated() { own[axis] = axes[place] }
      map.inputs[position] = own
    }
    return map
  }
}
