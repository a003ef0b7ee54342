import LatheIR
import LatheTensors

/// Sum of the magnitudes over some axes, or over all of them; 0 for nothing. Integers wrap.
public struct ReduceL1: RowReduction {
  public static let schema = formal("ReduceL1", since: 18, .wide)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T {
    row.folded(from: 0, { $0 + Swift.abs($1) }, wrapping: { T.adding($0, Abs.apply($1)) })
  }
}
