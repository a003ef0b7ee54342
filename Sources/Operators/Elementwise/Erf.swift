internal import Foundation
import LatheIR

/// The error function, 2/√π ∫₀ˣ exp(−t²) dt.
public struct Erf: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Erf", since: 13,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { erf(x) }
}
