import LatheDiagnostics
import LatheIR

/// A function that a fused operator applies to each result before it is written.
public enum LinearActivation: String, Sendable, Hashable, CaseIterable {
  case none, relu, gelu, tanh, sigmoid, silu
  /// Gelu by way of tanh.
  case tanhGelu = "gelu-tanh"
  /// x · sigmoid(1.702 · x).
  case quickGelu = "quick-gelu"

  /// The activation that an operator of its own computes; nil if it is none of these.
  public init?(_ op: any Operator) {
    switch op {
    case is Relu: self = .relu
    case is Tanh: self = .tanh
    case is Sigmoid: self = .sigmoid
    case let gelu as Gelu: self = gelu.approximation == .none ? .gelu : .tanhGelu
    case let swish as Swish where swish.alpha == 1: self = .silu
    case let swish as Swish where swish.alpha == 1.702: self = .quickGelu
    default: return nil
    }
  }

  /// The operator that computes it; nil for none.
  var op: (any Operator)? {
    switch self {
    case .none: nil
    case .relu: Relu()
    case .gelu: Gelu()
    case .tanhGelu: Gelu(approximation: .tanh)
    case .tanh: Tanh()
    case .sigmoid: Sigmoid()
    case .silu: Swish()
    case .quickGelu: Swish(alpha: 1.702)
    }
  }
}

extension GraphBuilder {
  /// The value after an activation.
  mutating func activated(_ value: ValueID, by activation: LinearActivation) throws(Diagnostic) -> ValueID {
    guard let op = activation.op else { return value }
    return try add(op, [value])
  }
}
