import LatheIR
import LatheTensors

/// Sum, element by element, with broadcasting; integers wrap.
public struct Add: BinaryArithmetic, Commutative {
  public static let schema = formal("Add", since: 14)

  public init() {}

  static func apply<T: NumericElement>(_ a: T, _ b: T) -> T { T.adding(a, b) }
  static func apply(_ a: Dimension, _ b: Dimension) -> Dimension { a + b }
}
