internal import Foundation
import LatheDiagnostics
import LatheIR

/// x / (1 + exp(−α x)).
public struct Swish: UnaryFloat, Decomposable {
  public static let schema = OperatorSchema(
    "Swish", since: 24,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  /// Factor α of the logistic function's argument.
  public var alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
  }

  func apply(_ x: Double) -> Double { x / (1 + exp(-Double(alpha) * x)) }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    guard let x = inputs.first ?? nil else { throw .invalid("operator/decomposition", "Swish has no operand") }
    let argument = alpha == 1 ? x : try builder.add(Mul(), [x, try builder.number(Double(alpha), like: x)])
    return [try builder.add(Mul(), [x, try builder.add(Sigmoid(), [argument])])]
  }
}
