internal import Foundation
import LatheIR

/// The exponential function.
public struct Exp: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Exp", since: 13,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { exp(x) }
}
