import LatheDiagnostics
import LatheIR

/// A function that a fused operator applies to each result before it is written.
public enum LinearActivation: String, Sendable, Hashable, CaseIterable {
  case none, relu, gelu, tanh, sigmoid, silu
  /// Gelu by way of tanh.
  case tanhGelu = "gelu-tanh"
  /// x · sigmoid(1.702 · x).
  case quickGelu = "quick-gelu"
  /// min(max(x, 0), 6).
  case relu6
  /// x · max(0, min(1, x / 6 + 1/2)).
  case hardSwish = "hard-swish"

  /// The activation that an operator of its own computes; nil if it is none of these, or tells its bounds by operands.
  public init?(_ op: any Operator) {
    switch op {
    case is Relu: self = .relu
    case is Tanh: self = .tanh
    case is Sigmoid: self = .sigmoid
    case is HardSwish: self = .hardSwish
    case let gelu as Gelu: self = gelu.approximation == .none ? .gelu : .tanhGelu
    case let swish as Swish where swish.alpha == 1: self = .silu
    case let swish as Swish where swish.alpha == 1.702: self = .quickGelu
    default: return nil
    }
  }

  /// The operator that computes it from one operand; nil for none and relu6.
  var op: (any Operator)? {
    switch self {
    case .none, .relu6: nil
    case .hardSwish: HardSwish()
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
    if activation == .relu6 {
      return try add(Clip(), [value, try number(0, like: value), try number(6, like: value)])
    }
    guard let op = activation.op else { return value }
    return try add(op, [value])
  }
}
