import LatheDiagnostics
import LatheIR
import LatheTensors

/// (Σ |x|^p)^(1/p) of each channel.
public struct GlobalLpPool: GlobalPooling {
  public static let schema = OperatorSchema(
    "GlobalLpPool", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["p": .integer])

  /// Exponent of the norm; at least 1.
  public var p: Int

  public init(p: Int = 2) { self.p = p }

  public init(decoding attributes: Attributes) throws(Diagnostic) { p = try attributes.normExponent() }

  public func encode(into attributes: inout Attributes) {
    if p != 2 { attributes.set("p", p) }
  }

  func pooled(_ count: Int, _ element: (Int) -> Double) -> Double {
    let norm = Norm(p: p)
    var sum = 0.0
    for index in 0..<count { sum += norm.power(element(index)) }
    return norm.root(sum)
  }
}
