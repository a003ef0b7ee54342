import LatheIR
import LatheTensors

/// Sum over some axes, or over all of them; 0 for nothing. Integers wrap.
public struct ReduceSum: FollowedReduction {
  static var reducedRole: AxisMap.Role { .contracted }

  public static let schema = formal("ReduceSum", since: 13, .wide)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  static func reduce<T: NumericElement>(_ row: UnsafeBufferPointer<T>) -> T {
    row.folded(from: 0, +, wrapping: T.adding)
  }

  static func combine(_ a: Dimension, _ b: Dimension) -> Dimension { a + b }
  static let identity: Dimension? = 0
}
