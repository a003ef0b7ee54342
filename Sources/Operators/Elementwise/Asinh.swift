internal import Foundation
import LatheIR

/// Inverse hyperbolic sine.
public struct Asinh: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Asinh", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { asinh(x) }
}
