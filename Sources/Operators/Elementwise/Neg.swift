import LatheIR
import LatheTensors

/// The number with its sign changed; the smallest signed integer stays itself.
public struct Neg: UnaryNumeric {
  public static let schema = OperatorSchema(
    "Neg", since: 13,
    inputs: [.init("X", "T", .signed)],
    outputs: [.init("Y", "T", .signed)])

  public init() {}

  static func apply<T: NumericElement>(_ x: T) -> T { T.multiplying(T.subtracting(T.zero, T.one), x) }
}
