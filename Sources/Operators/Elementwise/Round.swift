import LatheIR

/// The nearest integer; halves go to the even one.
public struct Round: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Round", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
}
