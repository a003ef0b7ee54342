internal import CLatheKernels
import LatheDiagnostics
import LatheOperators
import LatheTensors

/// LayerNormalization over the last axis.
struct NormalizationKernel: Sendable {
  let pool: ThreadPool
  let op: LayerNormalization

  @Sendable func run(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor]? {
    guard let x = inputs[0], let scale = inputs[1], x.dtype == .float32, let width = x.shape.last, width > 0,
      op.axis == -1 || op.axis == x.rank - 1
    else { return nil }
    let bias = inputs.count > 2 ? inputs[2] : nil
    guard scale.isFloats([width]), bias?.isFloats([width]) ?? true else { return nil }
    let y = try pool.buffers.tensor(x.shape) { y in
      var normalization = lathe_layer_normalization_f32()
      (normalization.width, normalization.x, normalization.y) = (width, x.floats, y)
      (normalization.scale, normalization.bias, normalization.epsilon) = (scale.floats, bias?.floats, op.epsilon)
      lathe_parallel_layer_normalization_f32(pool.handle, pool.kernels, &normalization, x.elementCount / width)
      withExtendedLifetime((x, scale, bias)) {}
    }
    return [y]
  }
}

/// An activation as an operator of its own.
struct ActivationKernel: Sendable {
  let pool: ThreadPool
  private let activation: UInt32

  init(pool: ThreadPool, activation: lathe_activation) {
    self.pool = pool
    self.activation = activation.rawValue
  }

  @Sendable func run(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor]? {
    guard let x = inputs[0], x.dtype == .float32 else { return nil }
    let y = try pool.buffers.tensor(x.shape) { y in
      var activate = lathe_activate_f32(x: x.floats, y: y, activation: lathe_activation(rawValue: activation))
      lathe_parallel_activate_f32(pool.handle, pool.kernels, &activate, x.elementCount)
      withExtendedLifetime(x) {}
    }
    return [y]
  }
}
