internal import Foundation
import LatheDiagnostics
import LatheIR

/// One step of Adam (Kingma and Ba, 2015); its state is the running means of gradients and of their squares.
public struct Adam: Optimizer {
  public static let schema = formal("Adam", attributes: attributeKinds)
  private static let attributeKinds: [String: Attribute.Kind] = [
    "alpha": .float, "beta": .float, "epsilon": .float, "norm_coefficient": .float, "norm_coefficient_post": .float,
  ]
  static let stateCount = 2

  /// How much of the mean gradient is kept.
  public var alpha: Float
  /// How much of the mean squared gradient is kept.
  public var beta: Float
  /// Added to divisors.
  public var epsilon: Float
  /// Factor of the squared norm that is added to the loss.
  public var regularization: Float
  /// How much of the tensor is taken off after the update.
  public var decay: Float

  public init(
    alpha: Float = 0.9, beta: Float = 0.999, epsilon: Float = 1e-6, regularization: Float = 0, decay: Float = 0
  ) {
    self.alpha = alpha
    self.beta = beta
    self.epsilon = epsilon
    self.regularization = regularization
    self.decay = decay
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 0.9)
    beta = try attributes.float("beta", default: 0.999)
    epsilon = try attributes.float("epsilon", default: 1e-6)
    regularization = try attributes.float("norm_coefficient", default: 0)
    decay = try attributes.float("norm_coefficient_post", default: 0)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 0.9 { attributes.set("alpha", alpha) }
    if beta != 0.999 { attributes.set("beta", beta) }
    if epsilon != 1e-6 { attributes.set("epsilon", epsilon) }
    if regularization != 0 { attributes.set("norm_coefficient", regularization) }
    if decay != 0 { attributes.set("norm_coefficient_post", decay) }
  }

  /// The rate, corrected for means that started at zero.
  func step(rate: Double, updates: Int) -> Double {
    guard updates > 0 else { return rate }
    let corrections = (1 - pow(Double(alpha), Double(updates)), 1 - pow(Double(beta), Double(updates)))
    return rate * corrections.1.squareRoot() / corrections.0
  }

  func update(_ x: Double, gradient: Double, state: inout [Double], _ rate: Double) -> Double {
    let (alpha, beta) = (Double(alpha), Double(beta))
    let gradient = Double(regularization) * x + gradient
    state[0] = alpha * state[0] + (1 - alpha) * gradient
    state[1] = beta * state[1] + (1 - beta) * gradient * gradient
    let moved = x - rate * state[0] / (state[1].squareRoot() + Double(epsilon))
    return (1 - Double(decay)) * moved
  }
}
