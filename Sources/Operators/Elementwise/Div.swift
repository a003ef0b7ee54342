import LatheDiagnostics
import LatheIR
import LatheTensors

/// Quotient, element by element, with broadcasting; integers truncate toward zero, and a zero among integer divisors is
/// refused.
public struct Div: BinaryArithmetic {
  public static let schema = formal("Div", since: 14)

  public init() {}

  static func apply<T: NumericElement>(_ a: T, _ b: T) -> T { T.dividing(a, b) }

  /// Rounding down is truncation only where neither is negative.
  static func apply(_ a: Dimension, _ b: Dimension) -> Dimension {
    if let dividend = a.known, let divisor = b.known {
      guard divisor != 0, !(dividend == .min && divisor == -1) else { return .unknown }
      return .known(dividend / divisor)
    }
    if let exact = a.exactlyDivided(by: b) { return exact }
    guard a.isProvablyNonNegative, b.isProvablyNonNegative else { return .unknown }
    return a.floorDivided(by: b)
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    if a.elementCount > 0 { try b.checkDivisors(as: T.self, for: name) }
    return [try Broadcasting.map(a, b, ArithmeticPair<Div, T>())]
  }
}
