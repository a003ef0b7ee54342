import LatheDiagnostics
import LatheIR

/// max(0, min(1, α x + β)).
public struct HardSigmoid: UnaryFloat {
  public static let schema = OperatorSchema(
    "HardSigmoid", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float, "beta": .float])

  /// Slope α.
  public var alpha: Float
  /// Value β at 0.
  public var beta: Float

  public init(alpha: Float = 0.2, beta: Float = 0.5) {
    self.alpha = alpha
    self.beta = beta
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 0.2)
    beta = try attributes.float("beta", default: 0.5)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 0.2 { attributes.set("alpha", alpha) }
    if beta != 0.5 { attributes.set("beta", beta) }
  }

  func apply(_ x: Double) -> Double { Self.clamped(Double(alpha) * x + Double(beta)) }

  /// The nearest number in [0, 1]; NaN stays NaN.
  static func clamped(_ x: Double) -> Double { x < 0 ? 0 : x > 1 ? 1 : x }
}
