internal import Foundation
import LatheIR

/// Sine of an angle in radians.
public struct Sin: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Sin", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { sin(x) }
}
