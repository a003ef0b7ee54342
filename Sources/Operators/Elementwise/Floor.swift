import LatheIR

/// The largest integer that is not greater.
public struct Floor: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Floor", since: 13,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { x.rounded(.down) }
}
