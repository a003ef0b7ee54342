internal import Foundation
import LatheIR

/// Arc sine, in radians; NaN outside [−1, 1].
public struct Asin: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Asin", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { asin(x) }
}
