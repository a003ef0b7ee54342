internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheTensors

/// Makes kernels for the nodes of a graph; weights that several nodes read are packed once.
struct KernelLibrary {
  let pool: ThreadPool
  let graph: Graph
  private var packed: [ValueID: PackedWeights] = [:]

  init(pool: ThreadPool, graph: Graph) {
    self.pool = pool
    self.graph = graph
  }

  /// The node's kernel, nil where its operator or its types have none.
  mutating func kernel(for id: NodeID) throws(Diagnostic) -> Interpreter.Kernel? {
    let node = graph[id]
    guard let output = node.outputs.first ?? nil, graph[output].type?.tensor?.dtype == .float32, node.outputs.count == 1 else {
      return nil
    }
    switch node.op {
    case let op as Linear:
      guard let activation = op.activation.kernel, let weights = try weights(node.inputs[1]) else { return nil }
      return LinearKernel(pool: pool, weights: weights, activation: activation).run
    case is MatMul:
      guard node.inputs.count == 2, let weights = try weights(node.inputs[1]) else { return nil }
      return LinearKernel(pool: pool, weights: weights, activation: LATHE_ACTIVATION_NONE).run
    case let op as FusedAttention: return AttentionKernel(pool: pool, op: op).run
    case let op as LayerNormalization: return NormalizationKernel(pool: pool, op: op).run
    case let op as EmbeddingNormalization: return EmbeddingKernel(pool: pool, op: op).run
    default:
      guard let activation = LinearActivation(node.op)?.kernel else { return nil }
      return ActivationKernel(pool: pool, activation: activation).run
    }
  }

  private mutating func weights(_ id: ValueID?) throws(Diagnostic) -> PackedWeights? {
    guard let id, let tensor = graph.constant(id), tensor.dtype == .float32, tensor.rank == 2 else { return nil }
    if let known = packed[id] { return known }
    let made = try PackedWeights(tensor)
    packed[id] = made
    return made
  }
}

extension LinearActivation {
  /// The kernels' name for it; nil where they have none.
  var kernel: lathe_activation? {
    switch self {
    case .none: LATHE_ACTIVATION_NONE
    case .relu: LATHE_ACTIVATION_RELU
    case .gelu: LATHE_ACTIVATION_GELU
    case .tanhGelu: LATHE_ACTIVATION_GELU_TANH
    case .tanh: LATHE_ACTIVATION_TANH
    case .sigmoid: LATHE_ACTIVATION_SIGMOID
    case .silu: LATHE_ACTIVATION_SILU
    case .quickGelu: LATHE_ACTIVATION_QUICK_GELU
    case .relu6, .hardSwish: nil
    }
  }
}

extension Tensor {
  /// The elements of a tensor of 32-bit floats; they stay where they are while the tensor lives.
  var floats: UnsafePointer<Float>? {
    withBytes { $0.baseAddress?.assumingMemoryBound(to: Float.self) }
  }

  /// Whether this holds 32-bit floats in the given shape.
  func isFloats(_ shape: [Int]) -> Bool { dtype == .float32 && self.shape == shape }
}
