import LatheIR
import LatheTensors

/// Whether the first is greater than or equal to the second, element by element, with broadcasting.
public struct GreaterOrEqual: Comparison {
  public static let schema = formal("GreaterOrEqual", since: 16)

  public init() {}

  static func holds<T: NumericElement>(_ a: T, _ b: T) -> Bool { a >= b }
}
