internal import Foundation
import LatheIR

/// Natural logarithm; −∞ for 0, NaN for negative numbers.
public struct Log: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Log", since: 13,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { log(x) }
}
