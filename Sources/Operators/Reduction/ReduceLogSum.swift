internal import Foundation
import LatheIR
import LatheTensors

/// Natural logarithm of the sum over some axes, or over all of them; −∞ for nothing.
public struct ReduceLogSum: RowReduction {
  public static let schema = formal("ReduceLogSum", since: 28, .floats)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T {
    T(double: log(row.reduce(0.0) { $0 + $1.double }))
  }
}
