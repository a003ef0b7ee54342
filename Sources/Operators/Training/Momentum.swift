import LatheDiagnostics
import LatheIR

/// One step of gradient descent with momentum; its state is the momentum.
public struct Momentum: Optimizer {
  /// How momentum is used.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// The tensor moves by the momentum.
    case standard
    /// The tensor moves by the gradient and the momentum after it.
    case nesterov
  }

  public static let schema = formal("Momentum", attributes: attributeKinds)
  private static let attributeKinds: [String: Attribute.Kind] = [
    "alpha": .float, "beta": .float, "norm_coefficient": .float, "mode": .string,
  ]
  static let stateCount = 1

  /// How much of the momentum is kept.
  public var alpha: Float
  /// Factor of the gradient, after the first update.
  public var beta: Float
  /// Factor of the squared norm that is added to the loss.
  public var regularization: Float
  /// How momentum is used.
  public var mode: Mode

  public init(
    alpha: Float, beta: Float, regularization: Float, mode: Mode
  ) {
    self.alpha = alpha
    self.beta = beta
    self.regularization = regularization
    self.mode = mode
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try Attributes.required("alpha", try attributes.float("alpha"))
    beta = try Attributes.required("beta", try attributes.float("beta"))
    regularization = try Attributes.required("norm_coefficient", try attributes.float("norm_coefficient"))
    _ = try Attributes.required("mode", try attributes.string("mode"))
    mode = try attributes.choice("mode", default: .standard)
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("alpha", alpha)
    attributes.set("beta", beta)
    attributes.set("norm_coefficient", regularization)
    attributes.set("mode", mode.rawValue)
  }

  func step(rate: Double, updates: Int) -> (rate: Double, beta: Double) { (rate, updates > 0 ? Double(beta) : 1) }

  func update(
    _ x: Double, gradient: Double, state: inout [Double], _ step: (rate: Double, beta: Double)
  ) -> Double {
    let gradient = Double(regularization) * x + gradient
    state[0] = Double(alpha) * state[0] + step.beta * gradient
    switch mode {
    case .standard: return x - step.rate * state[0]
    case .nesterov: return x - step.rate * (gradient + Double(alpha) * state[0])
    }
  }
}
