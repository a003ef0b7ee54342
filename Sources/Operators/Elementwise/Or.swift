import LatheIR
import LatheTensors

/// Whether either holds, element by element, with broadcasting.
public struct Or: LogicalBinary, Commutative {
  public static let schema = formal("Or")

  public init() {}

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a || b }
}
