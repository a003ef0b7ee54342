import LatheDiagnostics
import LatheIR
import LatheTensors

/// The bits of X moved by Y places, with broadcasting; the right shift of signed integers keeps the sign.
///
/// Where Y is negative or no less than the number of bits, only the extended sign is left: 0 or −1.
public struct BitShift: IntegerEvaluable, Broadcast {
  /// Where the bits go.
  public enum Direction: String, Sendable, Hashable, CaseIterable {
    case left = "LEFT"
    case right = "RIGHT"
  }

  public static let schema = OperatorSchema(
    "BitShift", since: 28,
    inputs: [.init("X", "T", .integers), .init("Y", "T", .integers)],
    outputs: [.init("Z", "T", .integers)],
    attributes: ["direction": .string])

  /// Where the bits go.
  public var direction: Direction

  public init(direction: Direction) { self.direction = direction }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    _ = try Attributes.required("direction", try attributes.string("direction"))
    direction = try attributes.choice("direction", default: .left)
  }

  public func encode(into attributes: inout Attributes) { attributes.set("direction", direction.rawValue) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  func compute<T: IntegerElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (x, places) = try inputs.pair()
    let isRight = direction == .right
    return [
      try Broadcasting.map(x, places) { (x: T, y: T) -> T in
        guard y >= T.zero, y < T.bitWidth else { return isRight && x < T.zero ? ~T.zero : T.zero }
        return isRight ? x >> y : x << y
      }
    ]
  }
}
