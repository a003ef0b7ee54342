import LatheIR
import LatheTensors

/// Smallest of the operands, element by element, with broadcasting; NaN if any is NaN.
public struct Min: VariadicSelection {
  public static let schema = OperatorSchema(
    "Min", since: 13,
    inputs: [.init("data_0", "T", .numeric, .variadic)],
    outputs: [.init("min", "T", .numeric)])

  public init() {}

  static func select<T: NumericElement>(_ a: T, _ b: T) -> T { Swift.min(a, b) }
}
