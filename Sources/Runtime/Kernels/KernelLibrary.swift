internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import Synchronization

/// Chooses kernels for nodes; weights in the order that kernels read are made once for all plans.
final class KernelLibrary: Sendable {
  /// How a constant's copy for kernels lies; one constant may be read in several orders.
  enum Order: Hashable {
    /// A matrix in blocks of columns, and its transpose.
    case blocks, transposedBlocks
    /// Of one direction of a recurrent layer.
    case projection(Int), gates(Int), biasSums(Int), splitBiases(Int)
    /// Scales of columns, multiplied by that of the operand.
    case scaled(by: ValueID)
    /// 1 / scale.
    case inverses
    /// Scales of the rows of one direction's weights, multiplied by that of the operand, if it has one, and by that of a state.
    case gateScales(Int, by: ValueID?), stateScales(Int)
  }

  private struct Key: Hashable {
    let value: ValueID
    let order: Order
  }

  private let packed = Mutex<[Key: Tensor]>([:])

  /// The node's kernel, nil where its operator or its types have none.
  func kernel(for site: KernelSite) throws(Diagnostic) -> (any Kernel)? {
    if let activation = LinearActivation(site.node.op)?.kernel { return ActivationKernel(site, .activation(activation)) }
    switch site.node.op {
    case let op as Linear: return try LinearKernel(site, op, self)
    case let op as PackedLinear: return LinearKernel(site, op)
    case let op as Gemm: return try LinearKernel(site, op, self)
    case is MatMul: return try LinearKernel(site, Linear(), self) ?? MatMulKernel(site)
    case let op as FusedAttention: return AttentionKernel(site, op)
    case let op as LayerNormalization: return NormalizationKernel(site, op)
    case let op as RMSNormalization: return NormalizationKernel(site, op)
    case let op as EmbeddingNormalization: return EmbeddingKernel(site, op)
    case let op as Softmax: return SoftmaxKernel(site, op)
    case let op as Gather: return GatherKernel(site, op)
    case let op as CodedGather: return CodedGatherKernel(site, op)
    case let op as Transpose: return PermuteKernel(site, op)
    case let op as Conv: return ConvolutionKernel(site, Convolution(op))
    case let op as Convolution: return ConvolutionKernel(site, op)
    case let op as QuantizedLinear: return try QuantizedLinearKernel(site, op, self)
    case let op as PackedQuantizedLinear:
      return try QuantizedLinearKernel(site, op.linear, packed: (op.rows, op.columns), self)
    case let op as QuantizedAttention: return try QuantizedAttentionKernel(site, op, self)
    case let op as QuantizedNormalization: return try QuantizedNormalizationKernel(site, op, self)
    case let op as QuantizedEmbedding: return try QuantizedEmbeddingKernel(site, op, self)
    case is QuantizeRows: return try QuantizeRowsKernel(site, self)
    case let op as QuantizedConvolution: return try QuantizedConvolutionKernel(site, op, self)
    case let op as QuantizedLSTM: return try QuantizedRecurrentKernel(site, .lstm, op.layer.direction, self)
    case let op as QuantizedGRU:
      return try QuantizedRecurrentKernel(site, .gru(appliesResetToProduct: op.layer.appliesResetToProduct), op.layer.direction, self)
    case let op as QuantizeLinear: return QuantizeKernel(site, op)
    case let op as DequantizeLinear: return DequantizeKernel(site, op)
    case is DynamicQuantizeLinear: return DynamicQuantizeKernel(site)
    case let op as PackedLSTM: return try RecurrentKernel(site, .lstm, op.direction, self)
    case let op as PackedGRU:
      return try RecurrentKernel(site, .gru(appliesResetToProduct: op.appliesResetToProduct), op.direction, self)
    case is Add: return BinaryKernel(site, LATHE_BINARY_ADD)
    case is Sub: return BinaryKernel(site, LATHE_BINARY_SUB)
    case is Mul: return BinaryKernel(site, LATHE_BINARY_MUL)
    case is Div: return BinaryKernel(site, LATHE_BINARY_DIV)
    case is Exp: return ActivationKernel(site, .exponential)
    case is Erf: return ActivationKernel(site, .errorFunction)
    case is Cast: return CastKernel(site)
    case is Where: return WhereKernel(site)
    default: return nil
    }
  }

  /// A constant in another order, made when it is first asked for.
  func repacked(
    _ value: ValueID, _ order: Order, _ make: () throws(Diagnostic) -> Tensor
  ) throws(Diagnostic) -> Tensor {
    let key = Key(value: value, order: order)
    if let known = packed.withLock({ $0[key] }) { return known }
    let made = try make()
    return packed.withLock { packed in
      if let known = packed[key] { return known }
      packed[key] = made
      return made
    }
  }
}

extension KernelLibrary {
  /// Constant scales, those of the operand at `position`, multiplied by the constant one of another operand.
  ///
  /// - Returns: nil where one of them is not constant.
  func scales(_ site: KernelSite, at position: Int, by other: Int) throws(Diagnostic) -> Tensor? {
    guard let factors = site.constantFloats(position), let id = site.node.inputs[position],
      let own = site.constantFloats(other)?.floats?.pointee, let key = site.node.inputs[other]
    else { return nil }
    return try repacked(id, .scaled(by: key)) { () throws(Diagnostic) in
      try .floats(factors.shape) { target in
        guard let source = factors.floats else { return }
        for index in 0..<factors.elementCount { target[index] = own * source[index] }
      }
    }
  }
}

extension LinearActivation {
  /// The kernels' name for it.
  var kernel: lathe_activation? {
    switch self {
    case .none: nil
    default: code
    }
  }

  /// The kernels' name for it, none included.
  var code: lathe_activation {
    switch self {
    case .none: LATHE_ACTIVATION_NONE
    case .relu: LATHE_ACTIVATION_RELU
    case .gelu: LATHE_ACTIVATION_GELU
    case .tanhGelu: LATHE_ACTIVATION_GELU_TANH
    case .tanh: LATHE_ACTIVATION_TANH
    case .sigmoid: LATHE_ACTIVATION_SIGMOID
    case .silu: LATHE_ACTIVATION_SILU
    case .quickGelu: LATHE_ACTIVATION_QUICK_GELU
    case .relu6: LATHE_ACTIVATION_RELU6
    case .hardSwish: LATHE_ACTIVATION_HARD_SWISH
    }
  }
}

extension Tensor {
  /// The elements of a tensor of 32-bit floats; they stay where they are while the tensor lives.
  var floats: UnsafePointer<Float>? {
    withBytes { $0.baseAddress?.assumingMemoryBound(to: Float.self) }
  }

  /// 32-bit floats that `fill` writes.
  static func floats(
    _ shape: [Int], _ fill: (UnsafeMutablePointer<Float>) -> Void
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: Float.self, shape: shape) { target in
      if let start = target.baseAddress { fill(start) }
    }
  }
}
