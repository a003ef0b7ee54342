internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// x·Φ(x), where Φ is the normal distribution's cumulative function.
public struct Gelu: UnaryFloat {
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
}
