import LatheIR
import LatheTensors

/// Whether the first is greater than the second, element by element, with broadcasting.
public struct Greater: Comparison {
  public static let schema = formal("Greater", since: 13)

  public init() {}

  static func holds<T: NumericElement>(_ a: T, _ b: T) -> Bool { a > b }
}
