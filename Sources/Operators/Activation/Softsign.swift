import LatheIR

/// x / (1 + |x|).
public struct Softsign: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Softsign", since: 22,
    inputs: [.init("input", "T", .floats)],
    outputs: [.init("output", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x / (1 + Swift.abs(x)) }
}
