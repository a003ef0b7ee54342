import LatheIR
import LatheTensors

/// Index of the smallest element along one axis.
public struct ArgMin: ArgSelection {
  public static let schema = formal("ArgMin", since: 13)

  /// The axis that is searched; negative counts from the back.
  public var axis: Int
  /// Whether the axis stays with extent 1.
  public var keepsAxis: Bool
  /// Whether the last of equal elements is named, rather than the first.
  public var prefersLast: Bool

  public init(axis: Int = 0, keepsAxis: Bool = true, prefersLast: Bool = false) {
    self.axis = axis
    self.keepsAxis = keepsAxis
    self.prefersLast = prefersLast
  }

  static func wins<T: NumericElement>(_ a: T, over b: T) -> Bool { a < b }
}
