internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// LayerNormalization and RMSNormalization over the last axis.
struct NormalizationKernel: Kernel {
  private let x, scale, y: ValueID
  private let bias: ValueID?
  private let rows, width: Int
  private let epsilon: Float
  private let isRootMeanSquare: Bool

  var replaceableOperands: [Int] { [0] }

  private init?(_ site: KernelSite, axis: Int, epsilon: Float, isRootMeanSquare: Bool) {
    guard let (x, shape) = site.floats(0), let width = shape.last, width > 0, let (y, _) = site.onlyOutput,
      axis == -1 || axis == shape.count - 1, let (scale, own) = site.floats(1), own == [width],
      let bias = site.optionalFloats(2, [width])
    else { return nil }
    (self.x, self.scale, self.y, self.bias) = (x, scale, y, bias)
    (rows, self.width) = (shape.dropLast().reduce(1, *), width)
    (self.epsilon, self.isRootMeanSquare) = (epsilon, isRootMeanSquare)
  }

  init?(_ site: KernelSite, _ op: LayerNormalization) {
    self.init(site, axis: op.axis, epsilon: op.epsilon, isRootMeanSquare: false)
  }

  init?(_ site: KernelSite, _ op: RMSNormalization) {
    guard op.stashType == .float32 else { return nil }
    self.init(site, axis: op.axis, epsilon: op.epsilon, isRootMeanSquare: true)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var normalization = lathe_normalization_f32()
    (normalization.width, normalization.x, normalization.x_stride) = (width, UnsafePointer(memory.floats(x)), width)
    (normalization.scale, normalization.bias) = (UnsafePointer(memory.floats(scale)), UnsafePointer(memory.floats(bias)))
    (normalization.epsilon, normalization.is_rms) = (epsilon, isRootMeanSquare)
    (normalization.y, normalization.y_stride) = (memory.floats(y), width)
    lathe_parallel_normalization_f32(pool.handle, pool.kernels, &normalization, rows)
    return true
  }
}

/// Softmax over the last axis.
struct SoftmaxKernel: Kernel {
  private let x, y: ValueID
  private let rows, width: Int

  var replaceableOperands: [Int] { [0] }

  init?(_ site: KernelSite, _ op: Softmax) {
    guard let (x, shape) = site.floats(0), let width = shape.last, width > 0, let (y, _) = site.onlyOutput,
      op.axis == -1 || op.axis == shape.count - 1
    else { return nil }
    (self.x, self.y, rows, self.width) = (x, y, shape.dropLast().reduce(1, *), width)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var softmax = lathe_softmax_f32()
    (softmax.width, softmax.x, softmax.x_stride) = (width, UnsafePointer(memory.floats(x)), width)
    (softmax.y, softmax.y_stride) = (memory.floats(y), width)
    lathe_parallel_softmax_f32(pool.handle, pool.kernels, &softmax, rows)
    return true
  }
}
