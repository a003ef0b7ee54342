internal import Foundation
import LatheIR

/// The logistic function, 1 / (1 + exp(−x)).
public struct Sigmoid: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Sigmoid", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
