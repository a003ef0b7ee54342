import LatheIR
import LatheTensors

/// The bits that both have, element by element, with broadcasting.
public struct BitwiseAnd: BitwiseBinary, Commutative {
  public static let schema = formal("BitwiseAnd", since: 18)

  public init() {}

  static func apply<T: IntegerElement>(_ a: T, _ b: T) -> T { a & b }
}
