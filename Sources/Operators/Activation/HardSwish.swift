import LatheIR

/// x · max(0, min(1, x / 6 + 1 / 2)).
public struct HardSwish: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "HardSwish", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x * HardSigmoid.clamped(x / 6 + 0.5) }
}
