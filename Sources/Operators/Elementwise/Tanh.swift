internal import Foundation
import LatheIR

/// Hyperbolic tangent.
public struct Tanh: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Tanh", since: 13,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { tanh(x) }
}
