import LatheDiagnostics
import LatheIR
import LatheTensors

/// RMSNormalization of input + skip + bias over the last axis, and that sum.
///
/// The skip may lack the batch, or have a batch of 1. The mean, which is not subtracted, and the reciprocal root of the mean of squares
/// are further outputs.
public struct SkipSimplifiedLayerNormalization: FloatEvaluable {
  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "SkipSimplifiedLayerNormalization", domain: "com.microsoft", since: 1,
    inputs: [
      .init("input", "T", types), .init("skip", "T", types), .init("gamma", "T", types),
      .init("bias", "T", types, .optional),
    ],
    outputs: SkipLayerNormalization.schema.outputs,
    attributes: ["epsilon": .float])

  /// Added to the mean of squares.
  public var epsilon: Float

  public init(epsilon: Float = 1e-12) { self.epsilon = epsilon }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-12)
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-12 { attributes.set("epsilon", epsilon) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try SkipLayerNormalization(epsilon: epsilon).infer(Array(inputs.prefix(3)) + [nil, inputs.optional(3)])
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    var sum = try Broadcasting.map(x, try inputs.required(1)) { (x: T, y: T) in T(double: x.wide + y.wide) }
    if let bias = inputs.optional(3) {
      sum = try Broadcasting.map(sum, bias) { (x: T, y: T) in T(double: x.wide + y.wide) }
    }
    let y = try RMSNormalization(epsilon: epsilon).evaluate([sum, try inputs.required(2)])[0]
    let extent = Swift.max(1, x.shape[x.rank - 1])
    let rows = sum.doubles() ?? []
    let shape = x.shape.dropLast() + [1]
    let starts = x.shape.contains(0) ? [] : Array(stride(from: 0, to: rows.count, by: extent))
    let means = starts.map { Float(rows[$0..<$0 + extent].reduce(0, +) / Double(extent)) }
    let squares = starts.map { rows[$0..<$0 + extent].reduce(0) { $0 + $1 * $1 } / Double(extent) }
    let reciprocals = squares.map { Float(1 / ($0 + Double(epsilon)).squareRoot()) }
    guard starts.count == shape.clampedProduct else {
      let zeros = try Tensor.zeros(.float32, Array(shape))
      return [y, zeros, zeros, sum]
    }
    return [y, try Tensor(means, shape: Array(shape)), try Tensor(reciprocals, shape: Array(shape)), sum]
  }
}

extension SkipSimplifiedLayerNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { .normalizingSum(inputs, outputs) }
}
