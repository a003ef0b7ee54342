import LatheIR
import LatheTensors

/// Absolute value; the smallest signed integer, which has none, stays itself.
public struct Abs: UnaryNumeric {
  public static let schema = OperatorSchema(
    "Abs", since: 13,
    inputs: [.init("X", "T", .numeric)],
    outputs: [.init("Y", "T", .numeric)])

  public init() {}

  static func apply<T: NumericElement>(_ x: T) -> T { x <= T.zero ? T.subtracting(T.zero, x) : x }
}
