import LatheDiagnostics
import LatheIR
import LatheTensors

/// Smallest element over some axes, or over all of them; NaN if any is NaN, and the type's largest value for nothing.
///
/// False comes before true.
public struct ReduceMin: ExtremalReduction {
  public static let schema = formal("ReduceMin", since: 20, .extremal)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] { try evaluateOrdered(inputs) }

  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T {
    guard var result = row.first else { return T(double: .infinity) }
    for x in row.dropFirst() where result == result { result = x == x ? Swift.min(result, x) : x }
    return result
  }

  static func combine(_ a: Dimension, _ b: Dimension) -> Dimension { .minimum(a, b) }
  static let identity: Dimension? = nil
}
