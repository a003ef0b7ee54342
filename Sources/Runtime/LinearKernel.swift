internal import CLatheKernels
import LatheDiagnostics
import LatheTensors

/// A matrix in the layout that the product's kernel reads.
final class PackedWeights: Sendable {
  let rows: Int
  let columns: Int
  let storage: TensorStorage

  /// - Parameter tensor: [rows, columns] of 32-bit floats.
  /// - Throws: `tensor/out-of-memory`.
  init(_ tensor: Tensor) throws(Diagnostic) {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    self.rows = rows
    self.columns = columns
    let count = lathe_gemm_packed_count_f32(rows, columns)
    storage = try TensorStorage(byteCount: count * MemoryLayout<Float>.size) { target in
      guard let source = tensor.floats, let start = target.baseAddress else { return }
      lathe_gemm_pack_f32(rows, columns, source, start.assumingMemoryBound(to: Float.self))
    }
  }
}

/// Linear with constant weights.
struct LinearKernel: Sendable {
  let pool: ThreadPool
  let weights: PackedWeights
  private let activation: UInt32

  init(pool: ThreadPool, weights: PackedWeights, activation: lathe_activation) {
    self.pool = pool
    self.weights = weights
    self.activation = activation.rawValue
  }

  @Sendable func run(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor]? {
    guard let x = inputs[0], x.dtype == .float32, x.rank >= 1, x.shape.last == weights.rows, weights.rows > 0 else { return nil }
    let bias = inputs.count > 2 ? inputs[2] : nil
    let residual = inputs.count > 3 ? inputs[3] : nil
    let shape = x.shape.dropLast() + [weights.columns]
    guard bias?.isFloats([weights.columns]) ?? true, residual?.isFloats(Array(shape)) ?? true else { return nil }
    let y = try pool.buffers.tensor(Array(shape)) { y in
      var gemm = lathe_gemm_f32()
      (gemm.m, gemm.n, gemm.k) = (x.elementCount / weights.rows, weights.columns, weights.rows)
      (gemm.x, gemm.x_stride) = (x.floats, weights.rows)
      gemm.packed = weights.storage.bytes.baseAddress?.assumingMemoryBound(to: Float.self)
      gemm.bias = bias?.floats
      (gemm.residual, gemm.residual_stride) = (residual?.floats, weights.columns)
      (gemm.y, gemm.y_stride) = (y, weights.columns)
      gemm.activation = lathe_activation(rawValue: activation)
      lathe_parallel_gemm_f32(pool.handle, pool.kernels, &gemm)
      withExtendedLifetime((x, bias, residual)) {}
    }
    return [y]
  }
}

