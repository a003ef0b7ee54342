import LatheIR
import LatheTensors

/// Difference, element by element, with broadcasting; integers wrap.
public struct Sub: BinaryArithmetic {
  public static let schema = formal("Sub", since: 14)

  public init() {}

  static func apply<T: NumericElement>(_ a: T, _ b: T) -> T { T.subtracting(a, b) }
  static func apply(_ a: Dimension, _ b: Dimension) -> Dimension { a - b }
}
