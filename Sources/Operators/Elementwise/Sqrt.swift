import LatheIR

/// Square root; NaN for negative numbers.
public struct Sqrt: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Sqrt", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x.squareRoot() }
}
