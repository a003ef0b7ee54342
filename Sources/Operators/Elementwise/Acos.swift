internal import Foundation
import LatheIR

/// Arc cosine, in radians; NaN outside [−1, 1].
public struct Acos: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Acos", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { acos(x) }
}
