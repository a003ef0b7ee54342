internal import Foundation
import LatheIR

/// Hyperbolic sine.
public struct Sinh: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Sinh", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { sinh(x) }
}
