import LatheIR

/// Sum of the operands, element by element, with broadcasting.
public struct Sum: VariadicSum {
  public static let schema = formal("Sum", since: 13, output: "sum")

  public init() {}

  static func finish(_ sum: Double, count: Int) -> Double { sum }
}
