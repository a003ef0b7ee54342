import LatheIR
import LatheTensors

/// Whether the first is less than the second, element by element, with broadcasting.
public struct Less: Comparison {
  public static let schema = formal("Less", since: 13)

  public init() {}

  static func holds<T: NumericElement>(_ a: T, _ b: T) -> Bool { a < b }
}
