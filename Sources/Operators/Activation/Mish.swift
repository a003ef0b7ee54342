internal import Foundation
import LatheIR

/// x · tanh(ln(1 + exp(x))).
public struct Mish: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Mish", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x * tanh(Softplus.value(x)) }
}
