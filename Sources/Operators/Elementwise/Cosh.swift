internal import Foundation
import LatheIR

/// Hyperbolic cosine.
public struct Cosh: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Cosh", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { cosh(x) }
}
