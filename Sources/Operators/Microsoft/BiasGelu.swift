import LatheIR
import LatheTensors

/// Gelu of A + B, where B is a vector along the last axis.
public struct BiasGelu: BiasedGelu, AttributeFree {
  public static let schema = OperatorSchema(
    "BiasGelu", domain: "com.microsoft", since: 1,
    inputs: [.init("A", "T", .floats), .init("B", "T", .floats)],
    outputs: [.init("C", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { Gelu().apply(x) }
}
