import LatheIR
import LatheTensors

/// The number, or 0 where it is negative; NaN stays NaN.
public struct Relu: UnaryNumeric {
  public static let schema = OperatorSchema(
    "Relu", since: 14,
    inputs: [.init("X", "T", .signed)],
    outputs: [.init("Y", "T", .signed)])

  public init() {}

  static func apply<T: NumericElement>(_ x: T) -> T { x < T.zero ? T.zero : x }
}
