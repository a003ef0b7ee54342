import LatheIR
import LatheTensors

/// Gelu by the approximation with tanh, of X plus an optional vector along the last axis.
public struct FastGelu: BiasedGelu, AttributeFree {
  public static let schema = OperatorSchema(
    "FastGelu", domain: "com.microsoft", since: 1,
    inputs: [.init("X", "T", .floats), .init("bias", "T", .floats, .optional)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { Gelu(approximation: .tanh).apply(x) }
}
