import LatheIR
import LatheTensors

/// Products of all elements up to each one along an axis.
public struct CumProd: Cumulative {
  public static let schema = formal("CumProd", since: 26)

  /// Whether an element itself is left out.
  public var isExclusive: Bool
  /// Whether elements are combined from the end of the axis.
  public var isReverse: Bool

  public init(isExclusive: Bool = false, isReverse: Bool = false) {
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }

  static func combine<T: NumericElement>(_ a: T, _ b: T) -> T { T.multiplying(a, b) }
  static func identity<T: NumericElement>(of type: T.Type) -> T { T.one }
}
