@preconcurrency internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// Windows over two spatial axes, of which the first has one entry where there is only one.
struct ConvolutionGeometry {
  let input, kernel, strides, dilations, padding, output: (Int, Int)

  /// nil for other numbers of axes, for windows that do not fit, and for those that reach too far.
  init?(_ op: Conv, input: [Int], weights: [Int]) {
    guard input.count == 3 || input.count == 4, let geometry = try? op.geometry(input: input, weights: weights),
      zip(geometry.kernel, geometry.dilations).allSatisfy({ ($0 - 1) * $1 < Self.mostSpan })
    else { return nil }
    let isPlane = input.count == 4
    func pair(_ list: [Int], _ alone: Int) -> (Int, Int) { isPlane ? (list[0], list[1]) : (alone, list[0]) }
    self.input = pair(Array(input[2...]), 1)
    kernel = pair(geometry.kernel, 1)
    strides = pair(geometry.strides, 1)
    dilations = pair(geometry.dilations, 1)
    padding = pair(geometry.paddingBefore, 0)
    output = pair(geometry.output, 1)
  }

  /// Elements that a window may reach over, so that scratch for them can be counted.
  private static let mostSpan = 1 << 16
}

/// Convolutions over one or two spatial axes, with residual and activation.
struct ConvolutionKernel: Kernel {
  private let x, w, y: ValueID
  private let bias, residual: ValueID?
  /// All but the addresses.
  private let shape: lathe_convolution_f32

  let replaceableOperands: [Int]

  init?(_ site: KernelSite, _ op: Convolution) {
    guard let (x, input) = site.floats(0), let (w, weights) = site.floats(1),
      let (y, result) = site.onlyOutput, !result.contains(0), !input.contains(0), !weights.contains(0),
      let bias = site.optionalFloats(2, [weights[0]]), let residual = site.optionalFloats(3, result),
      let geometry = ConvolutionGeometry(op.convolution, input: input, weights: weights)
    else { return nil }
    var shape = lathe_convolution_f32()
    (shape.batch, shape.channels, shape.filters, shape.groups) = (input[0], input[1], weights[0], op.convolution.groups)
    (shape.height, shape.width) = geometry.input
    (shape.kernel_height, shape.kernel_width) = geometry.kernel
    (shape.stride_y, shape.stride_x) = geometry.strides
    (shape.dilation_y, shape.dilation_x) = geometry.dilations
    (shape.pad_top, shape.pad_left) = geometry.padding
    (shape.out_height, shape.out_width) = geometry.output
    shape.activation = op.activation.code
    (self.x, self.w, self.y, self.bias, self.residual, self.shape) = (x, w, y, bias, residual, shape)
    replaceableOperands = residual == nil ? [] : [3]
  }

  func scratchCount(threads: Int) -> Int {
    var shape = shape
    return lathe_convolution_scratch_f32(&shape) * threads
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var convolution = shape
    (convolution.x, convolution.w) = (UnsafePointer(memory.floats(x)), UnsafePointer(memory.floats(w)))
    (convolution.bias, convolution.residual) = (UnsafePointer(memory.floats(bias)), UnsafePointer(memory.floats(residual)))
    convolution.y = memory.floats(y)
    lathe_parallel_convolution_f32(pool.handle, pool.kernels, &convolution, memory.scratch)
    return true
  }
}
