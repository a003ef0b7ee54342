internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Power, element by element, with broadcasting; the result has the base's type.
///
/// Integer powers of integers wrap. A negative power of an integer truncates to 0, 1 or −1, and of 0 is refused.
public struct Pow: NumericEvaluable, AttributeFree, Elementwise {
  private static let bases: DTypeDomain = [.int32, .int64, .float16, .float32, .float64, .bfloat16]

  public static let schema = OperatorSchema(
    "Pow", since: 15,
    inputs: [.init("X", "T", bases), .init("Y", "T1", .numeric)],
    outputs: [.init("Z", "T", bases)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (base, exponent) = try inputs.pair()
    if base.dtype.isInteger, exponent.dtype.isInteger { return [try integerPower(base, exponent, as: T.self)] }
    guard let exponents = exponent.doubles() else { throw name.unsupported(exponent.dtype) }
    if exponents == [2], exponent.rank <= base.rank, base.dtype.isFloat {
      let shape = try Broadcasting.shape(of: [base, exponent])
      return [try Broadcasting.map(base) { (x: T) in T.multiplying(x, x) }.reshaped(to: shape)]
    }
    let powers = try Tensor(exponents, shape: exponent.shape)
    return [try Broadcasting.map(base, powers) { (x: T, y: Double) in T(double: pow(x.double, y)) }]
  }

  private func integerPower<T: NumericElement>(_ base: Tensor, _ exponent: Tensor, as type: T.Type) throws(Diagnostic)
    -> Tensor
  {
    guard let integers = exponent.integers() else {
      throw .invalid("operator/exponent", "an exponent of \(name) is beyond 64-bit signed integers")
    }
    if base.elementCount > 0, integers.contains(where: { $0 < 0 }),
      base.withElements(as: T.self, { $0.contains(T.zero) })
    {
      throw .invalid("operator/division-by-zero", "\(name) raises an integer 0 to a negative power")
    }
    let powers = try Tensor(integers.map(Int64.init), shape: exponent.shape)
    return try Broadcasting.map(base, powers) { (x: T, y: Int64) in Self.power(x, y) }
  }

  private static func power<T: NumericElement>(_ base: T, _ exponent: Int64) -> T {
    // A negative exponent leaves 1 / x^|e|, which truncates to 0 unless x is 1 or −1.
    if exponent < 0, base != T.one, base != T.subtracting(T.zero, T.one) { return T.zero }
    var (result, square, remaining) = (T.one, base, exponent.magnitude)
    while remaining > 0 {
      if remaining & 1 == 1 { result = T.multiplying(result, square) }
      square = T.multiplying(square, square)
      remaining >>= 1
    }
    return result
  }
}
