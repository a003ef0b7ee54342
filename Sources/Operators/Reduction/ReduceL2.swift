import LatheIR
import LatheTensors

/// Square root of the sum of squares over some axes, or over all of them; 0 for nothing.
///
/// Integers are squared and summed as doubles, and the root truncates.
public struct ReduceL2: RowReduction {
  public static let schema = formal("ReduceL2", since: 18, .wide)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T {
    T(double: row.reduce(0.0) { $0 + $1.double * $1.double }.squareRoot())
  }
}
