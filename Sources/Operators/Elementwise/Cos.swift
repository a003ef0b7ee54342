internal import Foundation
import LatheIR

/// Cosine of an angle in radians.
public struct Cos: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Cos", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { cos(x) }
}
