internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Remainder, element by element, with broadcasting; a zero among integer divisors is refused.
public struct Mod: NumericEvaluable, ShapeArithmetic, Elementwise {
  public static let schema = OperatorSchema(
    "Mod", since: 28,
    inputs: [.init("A", "T", .numeric), .init("B", "T", .numeric)],
    outputs: [.init("C", "T", .numeric)],
    attributes: ["fmod": .integer])

  /// Whether the quotient is truncated, so that the result has the sign of the dividend; otherwise it is rounded down.
  public var truncates: Bool

  public init(truncates: Bool = false) { self.truncates = truncates }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    truncates = try attributes.flag("fmod", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if truncates { attributes.set("fmod", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  public func elements(_ inputs: [Operand?]) -> [[LatheTensors.Dimension]?] {
    [
      inputs.pairedElements { a, b in
        guard let a = a.known, let b = b.known, b != 0, b != -1 else { return .unknown }
        let remainder = a % b
        return .known(!truncates && remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
      }
    ]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    if a.elementCount > 0 { try b.checkDivisors(as: T.self, for: name) }
    guard !a.dtype.isFloat else {
      let truncates = truncates
      return [
        try Broadcasting.map(a, b) { (x: T, y: T) in
          T(double: truncates ? fmod(x.double, y.double) : Self.floored(x.double, y.double))
        }
      ]
    }
    let truncates = truncates
    return [
      try Broadcasting.map(a, b) { (x: T, y: T) in
        let remainder = T.subtracting(x, T.multiplying(T.dividing(x, y), y))
        let differs = remainder != T.zero && (remainder < T.zero) != (y < T.zero)
        return !truncates && differs ? T.adding(remainder, y) : remainder
      }
    ]
  }

  /// x − ⌊x / y⌋·y with the sign of `y`, also where the result is zero.
  private static func floored(_ x: Double, _ y: Double) -> Double {
    let remainder = fmod(x, y)
    if remainder == 0 { return Double(signOf: y, magnitudeOf: 0) }
    return (remainder < 0) != (y < 0) ? remainder + y : remainder
  }
}
