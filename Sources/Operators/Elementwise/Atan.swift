internal import Foundation
import LatheIR

/// Arc tangent, in radians.
public struct Atan: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Atan", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { atan(x) }
}
