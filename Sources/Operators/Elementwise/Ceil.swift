import LatheIR

/// The smallest integer that is not less.
public struct Ceil: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Ceil", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x.rounded(.up) }
}
