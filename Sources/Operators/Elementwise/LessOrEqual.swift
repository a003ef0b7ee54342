import LatheIR
import LatheTensors

/// Whether the first is less than or equal to the second, element by element, with broadcasting.
public struct LessOrEqual: Comparison {
  public static let schema = formal("LessOrEqual", since: 16)

  public init() {}

  static func holds<T: NumericElement>(_ a: T, _ b: T) -> Bool { a <= b }
}
