import LatheIR
import LatheTensors

/// The bits that exactly one has, element by element, with broadcasting.
public struct BitwiseXor: BitwiseBinary, Commutative {
  public static let schema = formal("BitwiseXor", since: 18)

  public init() {}

  static func apply<T: IntegerElement>(_ a: T, _ b: T) -> T { a ^ b }
}
