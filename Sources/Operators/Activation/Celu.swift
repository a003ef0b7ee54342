internal import Foundation
import LatheDiagnostics
import LatheIR

/// max(0, x) + min(0, α (exp(x / α) − 1)).
public struct Celu: UnaryFloat {
  public static let schema = OperatorSchema(
    "Celu", since: 28,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  /// Scale α of the negative side.
  public var alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Double) -> Double { x < 0 ? Double(alpha) * expm1(x / Double(alpha)) : x }
}
