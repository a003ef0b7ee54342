import LatheDiagnostics
import LatheIR

/// The number, or α x where it is negative.
public struct LeakyRelu: UnaryFloat {
  public static let schema = OperatorSchema(
    "LeakyRelu", since: 16,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  /// Slope α of the negative side.
  public var alpha: Float

  public init(alpha: Float = 0.01) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 0.01)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 0.01 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Double) -> Double { x < 0 ? Double(alpha) * x : x }
}
