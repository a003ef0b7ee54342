internal import Foundation
import LatheIR

/// Tangent of an angle in radians.
public struct Tan: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Tan", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { tan(x) }
}
