internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// x / (1 + exp(−α·x)).
public struct QuickGelu: UnaryFloat {
  public static let schema = OperatorSchema(
    "QuickGelu", domain: "com.microsoft", since: 1,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  public var alpha: Float

  public init(alpha: Float = 1.702) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1.702)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1.702 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Double) -> Double { x / (1 + exp(-Double(alpha) * x)) }
}
