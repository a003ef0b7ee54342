import LatheIR
import LatheTensors

/// Whether exactly one holds, element by element, with broadcasting.
public struct Xor: LogicalBinary, Commutative {
  public static let schema = formal("Xor")

  public init() {}

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a != b }
}
