import LatheDiagnostics
import LatheIR

/// One step of AdaGrad (Duchi et al., 2011); its state is the sum of squared gradients.
public struct Adagrad: Optimizer {
  public static let schema = formal("Adagrad", attributes: attributeKinds)
  private static let attributeKinds: [String: Attribute.Kind] = [
    "decay_factor": .float, "epsilon": .float, "norm_coefficient": .float,
  ]
  static let stateCount = 1

  /// How fast the rate falls with the number of updates.
  public var decay: Float
  /// Added to divisors.
  public var epsilon: Float
  /// Factor of the squared norm that is added to the loss.
  public var regularization: Float

  public init(
    decay: Float = 0, epsilon: Float = 1e-6, regularization: Float = 0
  ) {
    self.decay = decay
    self.epsilon = epsilon
    self.regularization = regularization
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    decay = try attributes.float("decay_factor", default: 0)
    epsilon = try attributes.float("epsilon", default: 1e-6)
    regularization = try attributes.float("norm_coefficient", default: 0)
  }

  public func encode(into attributes: inout Attributes) {
    if decay != 0 { attributes.set("decay_factor", decay) }
    if epsilon != 1e-6 { attributes.set("epsilon", epsilon) }
    if regularization != 0 { attributes.set("norm_coefficient", regularization) }
  }

  func step(rate: Double, updates: Int) -> Double { rate / (1 + Double(updates) * Double(decay)) }

  func update(_ x: Double, gradient: Double, state: inout [Double], _ rate: Double) -> Double {
    let gradient = Double(regularization) * x + gradient
    state[0] += gradient * gradient
    return x - rate * gradient / (state[0].squareRoot() + Double(epsilon))
  }
}
