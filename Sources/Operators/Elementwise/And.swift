import LatheIR
import LatheTensors

/// Whether both hold, element by element, with broadcasting.
public struct And: LogicalBinary, Commutative {
  public static let schema = formal("And")

  public init() {}

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a && b }
}
