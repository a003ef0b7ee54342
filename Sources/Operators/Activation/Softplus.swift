internal import Foundation
import LatheIR

/// ln(1 + exp(x)).
public struct Softplus: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Softplus", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { Self.value(x) }

  /// Written so that exp cannot overflow.
  static func value(_ x: Double) -> Double { (x > 0 ? x : 0) + log1p(exp(-Swift.abs(x))) }
}
