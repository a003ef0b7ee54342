import LatheIR
import LatheTensors

/// Product, element by element, with broadcasting; integers wrap.
public struct Mul: BinaryArithmetic, Commutative {
  public static let schema = formal("Mul", since: 14)

  public init() {}

  static func apply<T: NumericElement>(_ a: T, _ b: T) -> T { T.multiplying(a, b) }
  static func apply(_ a: Dimension, _ b: Dimension) -> Dimension { a * b }
}
