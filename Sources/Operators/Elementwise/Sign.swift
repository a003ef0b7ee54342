import LatheIR
import LatheTensors

/// −1, 0 or 1 as the number is negative, zero or positive; NaN stays NaN.
public struct Sign: UnaryNumeric {
  public static let schema = OperatorSchema(
    "Sign", since: 13,
    inputs: [.init("input", "T", .numeric)],
    outputs: [.init("output", "T", .numeric)])

  public init() {}

  static func apply<T: NumericElement>(_ x: T) -> T {
    if x > T.zero { return T.one }
    if x < T.zero { return T.subtracting(T.zero, T.one) }
    return x == T.zero ? T.zero : x
  }
}
