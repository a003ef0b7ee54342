internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Products with constant weights: Linear, PackedLinear, MatMul and Gemm.
struct LinearKernel: Kernel {
  private let rows, inputs, columns: Int
  private let x, y: ValueID
  private let bias, residual: ValueID?
  private let activation: lathe_activation
  /// In blocks of columns.
  private let weights: Tensor

  let replaceableOperands: [Int]

  private init?(_ site: KernelSite, weights: Tensor, columns: Int, inputs: Int, bias: ValueID?, activation: LinearActivation) {
    guard let (x, shape) = site.floats(0), let (y, result) = site.onlyOutput, shape.last == inputs, inputs > 0 else { return nil }
    guard let residual = site.optionalFloats(3, result) else { return nil }
    (self.x, self.y, self.bias, self.residual) = (x, y, bias, residual)
    (rows, self.inputs, self.columns) = (shape.dropLast().reduce(1, *), inputs, columns)
    (self.activation, self.weights) = (activation.code, weights)
    replaceableOperands = residual == nil ? [] : [3]
  }

  /// nil unless the weights are constant.
  init?(_ site: KernelSite, _ op: Linear, _ library: KernelLibrary) throws(Diagnostic) {
    guard let tensor = site.constantFloats(1), tensor.rank == 2, let id = site.node.inputs[1],
      let bias = site.optionalFloats(2, [tensor.shape[1]])
    else { return nil }
    let packed = try library.repacked(id, .blocks) { () throws(Diagnostic) in try PackedLinear.packed(tensor) }
    self.init(site, weights: packed, columns: tensor.shape[1], inputs: tensor.shape[0], bias: bias, activation: op.activation)
  }

  /// nil unless the weights are constant.
  init?(_ site: KernelSite, _ op: PackedLinear) {
    guard let tensor = site.constantFloats(1), tensor.rank == 3, let bias = site.optionalFloats(2, [op.columns]) else { return nil }
    self.init(
      site, weights: tensor, columns: op.columns, inputs: tensor.shape[1], bias: bias, activation: op.linear.activation)
  }

  /// nil unless B is constant, C a row, and nothing is scaled.
  init?(_ site: KernelSite, _ op: Gemm, _ library: KernelLibrary) throws(Diagnostic) {
    guard op.alpha == 1, op.beta == 1, !op.transposesA, let tensor = site.constantFloats(1), tensor.rank == 2,
      let id = site.node.inputs[1]
    else { return nil }
    let columns = tensor.shape[op.transposesB ? 0 : 1]
    guard let bias = site.optionalFloats(2, [columns]) else { return nil }
    let packed = try library.repacked(id, op.transposesB ? .transposedBlocks : .blocks) { () throws(Diagnostic) in
      try PackedLinear.packed(op.transposesB ? tensor.transposed() : tensor)
    }
    let inputs = tensor.shape[op.transposesB ? 1 : 0]
    self.init(site, weights: packed, columns: columns, inputs: inputs, bias: bias, activation: .none)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var gemm = lathe_gemm_f32()
    (gemm.m, gemm.n, gemm.k) = (rows, columns, inputs)
    (gemm.x, gemm.x_stride, gemm.packed) = (UnsafePointer(memory.floats(x)), inputs, weights.floats)
    gemm.bias = UnsafePointer(memory.floats(bias))
    (gemm.residual, gemm.residual_stride) = (UnsafePointer(memory.floats(residual)), columns)
    (gemm.y, gemm.y_stride, gemm.activation) = (memory.floats(y), columns, activation)
    lathe_parallel_gemm_f32(pool.handle, pool.kernels, &gemm)
    return true
  }
}

extension Tensor {
  /// A matrix of 32-bit floats with its axes exchanged.
  func transposed() throws(Diagnostic) -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    return try .floats([columns, rows]) { target in
      guard let source = floats else { return }
      for row in 0..<rows { for column in 0..<columns { target[column * rows + row] = source[row * columns + column] } }
    }
  }
}

/// Products of matrices that are not constant; one factor may be the same for the whole batch.
struct MatMulKernel: Kernel {
  private let a, b, y: ValueID
  private let batch, rows, inner, columns: Int
  private let aRepeats, bRepeats: Bool

  init?(_ site: KernelSite) {
    guard let (a, left) = site.floats(0), let (b, right) = site.floats(1), let (y, result) = site.onlyOutput,
      left.count >= 2, right.count >= 2, result.count >= 2, result.allSatisfy({ $0 > 0 })
    else { return nil }
    let batch = Array(result.dropLast(2))
    func repeats(_ shape: [Int]) -> Bool? {
      let own = Array(shape.dropLast(2))
      return own == batch ? false : own.allSatisfy { $0 == 1 } ? true : nil
    }
    guard let aRepeats = repeats(left), let bRepeats = repeats(right), let inner = left.last, inner > 0 else { return nil }
    (self.a, self.b, self.y, self.aRepeats, self.bRepeats) = (a, b, y, aRepeats, bRepeats)
    (self.batch, rows, self.inner) = (batch.reduce(1, *), result[result.count - 2], inner)
    columns = result[result.count - 1]
  }

  private func matmul(_ memory: Memory?) -> lathe_matmul_f32 {
    var matmul = lathe_matmul_f32()
    (matmul.batch, matmul.m, matmul.n, matmul.k, matmul.alpha) = (batch, rows, columns, inner, 1)
    (matmul.a_stride, matmul.a_batch_stride) = (inner, aRepeats ? 0 : rows * inner)
    (matmul.b_stride, matmul.b_batch_stride) = (columns, bRepeats ? 0 : inner * columns)
    (matmul.y_stride, matmul.y_batch_stride) = (columns, rows * columns)
    guard let memory else { return matmul }
    (matmul.a, matmul.b, matmul.y) = (UnsafePointer(memory.floats(a)), UnsafePointer(memory.floats(b)), memory.floats(y))
    return matmul
  }

  func scratchCount(threads: Int) -> Int {
    var matmul = matmul(nil)
    return lathe_matmul_scratch_f32(&matmul) * threads
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var matmul = matmul(memory)
    lathe_parallel_matmul_f32(pool.handle, pool.kernels, &matmul, memory.scratch)
    return true
  }
}
