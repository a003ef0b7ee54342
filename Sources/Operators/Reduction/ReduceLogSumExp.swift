internal import Foundation
import LatheIR
import LatheTensors

/// Natural logarithm of the sum of exponentials over some axes, or over all of them; −∞ for nothing.
public struct ReduceLogSumExp: RowReduction {
  public static let schema = formal("ReduceLogSumExp", since: 28, .floats)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T {
    let largest = ReduceMax.reduce(row).double
    guard largest.isFinite else { return T(double: largest) }
    return T(double: largest + log(row.reduce(0.0) { $0 + exp($1.double - largest) }))
  }
}
