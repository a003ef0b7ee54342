internal import Foundation
import LatheDiagnostics
import LatheIR

/// x / (1 + exp(−α x)).
public struct Swish: UnaryFloat {
  public static let schema = OperatorSchema(
    "Swish", since: 24,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  /// Factor α of the logistic function's argument.
  public var alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Double) -> Double { x / (1 + exp(-Double(alpha) * x)) }
}
