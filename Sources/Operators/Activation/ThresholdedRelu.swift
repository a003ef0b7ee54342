import LatheDiagnostics
import LatheIR

/// The number where it is greater than α, and 0 elsewhere.
public struct ThresholdedRelu: UnaryFloat {
  public static let schema = OperatorSchema(
    "ThresholdedRelu", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  /// Threshold α.
  public var alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Double) -> Double { x > Double(alpha) ? x : 0 }
}
