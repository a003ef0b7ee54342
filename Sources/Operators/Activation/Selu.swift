internal import Foundation
import LatheDiagnostics
import LatheIR

/// γ x, or γ α (exp(x) − 1) where x is not positive.
public struct Selu: UnaryFloat {
  public static let schema = OperatorSchema(
    "Selu", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float, "gamma": .float])

  /// Factor α of the negative side.
  public var alpha: Float
  /// Factor γ of both sides.
  public var gamma: Float

  public init(alpha: Float = 1.6732631921768188, gamma: Float = 1.0507010221481323) {
    self.alpha = alpha
    self.gamma = gamma
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1.6732631921768188)
    gamma = try attributes.float("gamma", default: 1.0507010221481323)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1.6732631921768188 { attributes.set("alpha", alpha) }
    if gamma != 1.0507010221481323 { attributes.set("gamma", gamma) }
  }

  func apply(_ x: Double) -> Double { Double(gamma) * (x <= 0 ? Double(alpha) * expm1(x) : x) }
}
