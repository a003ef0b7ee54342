internal import Foundation
import LatheDiagnostics

/// An activation function of a recurrent operator, with its parameters.
struct GateActivation: Sendable, Hashable {
  /// The functions by the names that ONNX gives them.
  enum Function: String, Sendable, Hashable, CaseIterable {
    case relu = "Relu"
    case tanh = "Tanh"
    case sigmoid = "Sigmoid"
    case affine = "Affine"
    case leakyRelu = "LeakyRelu"
    case thresholdedRelu = "ThresholdedRelu"
    case scaledTanh = "ScaledTanh"
    case hardSigmoid = "HardSigmoid"
    case elu = "Elu"
    case softsign = "Softsign"
    case softplus = "Softplus"

    /// Default of α; nil if the function has none.
    var defaultAlpha: Float? {
      switch self {
      case .relu, .tanh, .sigmoid, .softsign, .softplus: nil
      case .affine, .thresholdedRelu, .scaledTanh, .elu: 1
      case .leakyRelu: 0.01
      case .hardSigmoid: 0.2
      }
    }

    /// Default of β; nil if the function has none.
    var defaultBeta: Float? {
      switch self {
      case .affine: 0
      case .scaledTanh: 1
      case .hardSigmoid: 0.5
      default: nil
      }
    }
  }

  var function: Function
  var alpha: Double
  var beta: Double

  /// The functions with their parameters: those that have an α, or a β, take the given ones in turn, then their
  /// defaults.
  ///
  /// - Throws: `operator/attribute-value` for names that ONNX does not know; upper and lower case are not told apart.
  static func list(_ names: [String], alphas: [Float], betas: [Float]) throws(Diagnostic) -> [GateActivation] {
    var (alphas, betas) = (alphas[...], betas[...])
    var result: [GateActivation] = []
    for name in names {
      guard let function = Function.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
        let known = Function.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalid("operator/attribute-value", "\"\(name)\" is no activation function", fix: "use one of \(known)")
      }
      let alpha = function.defaultAlpha.map { alphas.popFirst() ?? $0 } ?? 0
      let beta = function.defaultBeta.map { betas.popFirst() ?? $0 } ?? 0
      result.append(GateActivation(function: function, alpha: Double(alpha), beta: Double(beta)))
    }
    return result
  }

  /// The function's value at `x`.
  func callAsFunction(_ x: Double) -> Double {
    switch function {
    case .relu: x < 0 ? 0 : x
    case .tanh: Foundation.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .affine: alpha * x + beta
    case .leakyRelu: x >= 0 ? x : alpha * x
    case .thresholdedRelu: x >= alpha ? x : 0
    case .scaledTanh: alpha * Foundation.tanh(beta * x)
    case .hardSigmoid: Swift.min(Swift.max(alpha * x + beta, 0), 1)
    case .elu: x >= 0 ? x : alpha * expm1(x)
    case .softsign: x / (1 + Swift.abs(x))
    // The larger part is taken out, so that exp cannot overflow.
    case .softplus: Swift.max(x, 0) + log1p(exp(-Swift.abs(x)))
    }
  }
}
