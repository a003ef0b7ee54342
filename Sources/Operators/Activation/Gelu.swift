internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// x·Φ(x), where Φ is the normal distribution's cumulative function.
public struct Gelu: UnaryFloat, Decomposable {
  /// How Φ is computed.
  public enum Approximation: String, Sendable, Hashable, CaseIterable {
    /// With the error function.
    case none
    /// With tanh of a cubic polynomial.
    case tanh
  }

  public static let schema = OperatorSchema(
    "Gelu", since: 20,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["approximate": .string])

  /// How Φ is computed.
  public var approximation: Approximation

  public init(approximation: Approximation = .none) { self.approximation = approximation }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    approximation = try attributes.choice("approximate", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    if approximation != .none { attributes.set("approximate", approximation.rawValue) }
  }

  func apply(_ x: Double) -> Double {
    switch approximation {
    case .none: 0.5 * x * (1 + erf(x * 0.5.squareRoot()))
    case .tanh: 0.5 * x * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    guard let x = inputs.first ?? nil else { throw .invalid("operator/decomposition", "Gelu has no operand") }
    let share: ValueID
    switch approximation {
    case .none:
      share = try builder.add(
        Erf(), [try builder.add(Div(), [x, try builder.number(2.0.squareRoot(), like: x)])])
    case .tanh:
      let cube = try builder.add(Pow(), [x, try builder.number(3, like: x)])
      let sum = try builder.add(
        Add(), [x, try builder.add(Mul(), [cube, try builder.number(0.044715, like: x)])])
      share = try builder.add(
        Tanh(), [try builder.add(Mul(), [sum, try builder.number((2 / Double.pi).squareRoot(), like: x)])])
    }
    let factor = try builder.add(Add(), [share, try builder.number(1, like: x)])
    let product = try builder.add(Mul(), [x, factor])
    return [try builder.add(Mul(), [product, try builder.number(0.5, like: x)])]
  }
}
