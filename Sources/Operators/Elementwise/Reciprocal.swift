import LatheIR

/// 1 / x; infinite for 0.
public struct Reciprocal: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Reciprocal", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { 1 / x }
}
