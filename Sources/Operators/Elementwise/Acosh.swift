internal import Foundation
import LatheIR

/// Inverse hyperbolic cosine; NaN below 1.
public struct Acosh: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Acosh", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { acosh(x) }
}
