import LatheIR
import LatheTensors

/// The bits that either has, element by element, with broadcasting.
public struct BitwiseOr: BitwiseBinary, Commutative {
  public static let schema = formal("BitwiseOr", since: 18)

  public init() {}

  static func apply<T: IntegerElement>(_ a: T, _ b: T) -> T { a | b }
}
