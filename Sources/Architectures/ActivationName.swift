import LatheDiagnostics
import LatheIR
import LatheOperators

/// A function that configurations name.
enum ActivationName {
  case gelu, tanhGelu, relu, tanh, swish, identity

  /// - Throws: `architecture/activation` for one that is not known.
  init(_ name: String) throws(Diagnostic) {
    switch name {
    case "gelu", "gelu_python": self = .gelu
    case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate": self = .tanhGelu
    case "relu": self = .relu
    case "tanh": self = .tanh
    case "silu", "swish": self = .swish
    case "linear": self = .identity
    default:
      throw .invalid(
        "architecture/activation", "the activation \(name.prefix(40).debugDescription) is not known",
        fix: "the activations are gelu, gelu_new, relu, tanh, silu and linear")
    }
  }

  var op: any Operator {
    switch self {
    case .gelu: Gelu()
    case .tanhGelu: Gelu(approximation: .tanh)
    case .relu: Relu()
    case .tanh: Tanh()
    case .swish: Swish()
    case .identity: Identity()
    }
  }
}
