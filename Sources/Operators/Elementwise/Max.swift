import LatheIR
import LatheTensors

/// Largest of the operands, element by element, with broadcasting; NaN if any is NaN.
public struct Max: VariadicSelection {
  public static let schema = OperatorSchema(
    "Max", since: 13,
    inputs: [.init("data_0", "T", .numeric, .variadic)],
    outputs: [.init("max", "T", .numeric)])

  public init() {}

  static func select<T: NumericElement>(_ a: T, _ b: T) -> T { Swift.max(a, b) }
}
