import LatheDiagnostics
import LatheIR
import LatheTensors

/// The function that ONNX Runtime's optimizer puts behind a product, named as the operator it replaces.
struct FusedActivation {
  private static let names = [
    "Clip", "Elu", "HardSigmoid", "LeakyRelu", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Tanh",
    "ThresholdedRelu",
  ]

  let apply: @Sendable (Double) -> Double

  /// `parameters` are what that operator calls α, β and γ, or its bounds; those left out have its defaults.
  ///
  /// - Throws: `operator/attribute-value` for a function that is not known, and for too many parameters.
  init(_ name: String, _ parameters: [Float?]) throws(Diagnostic) {
    func parameter(_ index: Int, _ standard: Float) -> Float {
      (index < parameters.count ? parameters[index] : nil) ?? standard
    }
    guard parameters.count <= 3 else {
      throw .invalid("operator/attribute-value", "the activation \(name) is given \(parameters.count) parameters")
    }
    switch name {
    case "Clip":
      let (low, high) = (Double(parameter(0, -.infinity)), Double(parameter(1, .infinity)))
      apply = { Swift.min(Swift.max($0, low), high) }
    case "Elu": apply = Elu(alpha: parameter(0, 1)).apply
    case "HardSigmoid": apply = HardSigmoid(alpha: parameter(0, 0.2), beta: parameter(1, 0.5)).apply
    case "LeakyRelu": apply = LeakyRelu(alpha: parameter(0, 0.01)).apply
    case "Relu": apply = { $0 < 0 ? 0 : $0 }
    case "Selu":
      let (alpha, gamma) = (Selu().alpha, Selu().gamma)
      apply = Selu(alpha: parameter(0, alpha), gamma: parameter(2, gamma)).apply
    case "Sigmoid": apply = Sigmoid().apply
    case "Softplus": apply = Softplus().apply
    case "Softsign": apply = Softsign().apply
    case "Tanh": apply = Tanh().apply
    case "ThresholdedRelu": apply = ThresholdedRelu(alpha: parameter(0, 1)).apply
    default:
      throw .invalid(
        "operator/attribute-value", "\"\(name)\" is no activation that is fused",
        fix: "use one of \(Self.names.joined(separator: ", "))")
    }
  }

  /// The function of every element.
  func callAsFunction<T: FloatElement>(_ tensor: Tensor, as type: T.Type) throws(Diagnostic) -> Tensor {
    try Broadcasting.map(tensor) { (x: T) in T(double: apply(x.wide)) }
  }
}
