import LatheDiagnostics
import LatheIR
import LatheTensors

/// LayerNormalization of input + skip + bias over the last axis, and that sum.
///
/// The skip may lack the batch, or have a batch of 1. The mean and the reciprocal deviation are further outputs.
public struct SkipLayerNormalization: FloatEvaluable {
  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "SkipLayerNormalization", domain: "com.microsoft", since: 1,
    inputs: [
      .init("input", "T", types), .init("skip", "T", types), .init("gamma", "T", types),
      .init("beta", "T", types, .optional), .init("bias", "T", types, .optional),
    ],
    outputs: [
      .init("output", "T", types), .init("mean", "U", [.float32], .optional),
      .init("inv_std_var", "U", [.float32], .optional), .init("input_skip_bias_sum", "T", types, .optional),
    ],
    attributes: ["epsilon": .float])

  /// Added to the variance.
  public var epsilon: Float

  public init(epsilon: Float = 1e-12) { self.epsilon = epsilon }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-12)
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-12 { attributes.set("epsilon", epsilon) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let shape = x.shape {
      guard shape.count == 2 || shape.count == 3 else {
        throw .invalid("operator/rank", "SkipLayerNormalization takes tensors of 2 or 3 axes, but is given \(x)")
      }
      try check(try inputs.tensor(1), "skip", fits: x, from: 0)
      for (position, role) in [(2, "gamma"), (3, "beta"), (4, "bias")] {
        if let type = try inputs.optional(position)?.tensor() { try check(type, role, fits: x, from: shape.count - 1) }
      }
    }
    let statistics = x.shape.map { $0.dropLast() + [.known(1)] }
    return [
      .tensor(x), .tensor(TensorType(.float32, statistics.map(Array.init))),
      .tensor(TensorType(.float32, statistics.map(Array.init))), .tensor(x),
    ]
  }

  /// The operand's axes are the last ones of x, `first` of which are missing at least; the first may be 1.
  private func check(_ type: TensorType, _ role: String, fits x: TensorType, from first: Int) throws(Diagnostic) {
    guard let own = type.shape, let shape = x.shape else { return }
    let isVector = first > 0
    let fits =
      (isVector ? own.count == 1 : own.count <= shape.count && own.count >= Swift.min(2, shape.count))
      && zip(own.reversed(), shape.reversed()).enumerated().allSatisfy { axis, pair in
        !pair.0.isProvablyDifferent(from: pair.1) || axis == 2 && pair.0 == 1
      }
    guard fits else {
      throw .invalid("operator/broadcast", "SkipLayerNormalization: \(role) \(type) does not fit \(x)")
    }
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    var sum = try Broadcasting.map(x, try inputs.required(1)) { (x: T, y: T) in T(double: x.wide + y.wide) }
    if let bias = inputs.optional(4) {
      sum = try Broadcasting.map(sum, bias) { (x: T, y: T) in T(double: x.wide + y.wide) }
    }
    let outputs = try LayerNormalization(epsilon: epsilon).evaluate([sum, try inputs.required(2), inputs.optional(3)])
    return outputs + [sum]
  }
}

extension SkipLayerNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { .normalizingSum(inputs, outputs) }
}
