import LatheDiagnostics
import LatheIR
import LatheTensors

/// scale · (input − mean) / √(variance + ε) + B, with the statistics of each channel of each instance.
public struct InstanceNormalization: FloatEvaluable {
  public static let schema = OperatorSchema(
    "InstanceNormalization", since: 22,
    inputs: [.init("input", "T", .floats), .init("scale", "T", .floats), .init("B", "T", .floats)],
    outputs: [.init("output", "T", .floats)],
    attributes: ["epsilon": .float])

  /// Added to the variance.
  public var epsilon: Float

  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    epsilon = try attributes.float("epsilon", default: 1e-5)
  }

  public func encode(into attributes: inout Attributes) {
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let rank = x.rank, rank < 2 {
      throw .invalid("operator/rank", "InstanceNormalization needs batches and channels, but is given \(x)")
    }
    try ChannelParameters.check(inputs, 1...2, of: x, name)
    return [.tensor(x)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    return [try GroupNormalization.normalized(x, inputs, groups: x.shape[1], epsilon: epsilon, stash: nil, as: T.self)]
  }
}

extension InstanceNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let shape = outputs.first?.shape, shape.count > 1,
      var map = AxisMap.along(Set(2..<shape.count), .normalized, inputs, outputs), let axes = map.outputs[0]
    else { return nil }
    for position in 1..<inputs.count { map.inputs[position] = [axes[1]] }
    return map
  }
}
