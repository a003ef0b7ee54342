internal import Foundation
import LatheIR

/// Inverse hyperbolic tangent; NaN outside [−1, 1].
public struct Atanh: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Atanh", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { atanh(x) }
}
