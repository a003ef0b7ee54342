import LatheIR

/// Mean of the operands, element by element, with broadcasting.
public struct Mean: VariadicSum {
  public static let schema = formal("Mean", since: 13, output: "mean")

  public init() {}

  static func finish(_ sum: Double, count: Int) -> Double { sum / Double(count) }
}
