@preconcurrency internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// QuantizedConvolution over one or two spatial axes, with constant scales of X and W.
struct QuantizedConvolutionKernel: Kernel {
  private let x, w: ValueID
  private let bias: ValueID?
  private let residual: QuantizedInput
  private let output: QuantizedOutput
  /// Of each filter, with that of X.
  private let scales: Tensor
  /// All but the addresses.
  private let shape: lathe_convolution_i8

  init?(_ site: KernelSite, _ op: QuantizedConvolution, _ library: KernelLibrary) throws(Diagnostic) {
    guard let input = site.input(0)?.shape, let weights = site.input(2)?.shape, let x = site.node.inputs[0], let w = site.node.inputs[2],
      let result = site.outputs.compactMap({ $0 }).first?.shape, !result.contains(0), !input.contains(0), !weights.contains(0),
      let bias = site.optionalFloats(4, [weights[0]]), let residual = QuantizedInput(site, 5, scale: 6),
      site.isAbsent(6) || site.input(6)?.shape.isEmpty == true, let output = try QuantizedOutput(site, scale: 7, library),
      let geometry = ConvolutionGeometry(op.convolution.convolution, input: input, weights: weights),
      weights.dropFirst().reduce(1, *) <= LATHE_GEMM_MOST_K_I8, let scales = try library.scales(site, at: 3, by: 1)
    else { return nil }
    var shape = lathe_convolution_i8()
    (shape.batch, shape.channels, shape.filters) = (input[0], input[1], weights[0])
    (shape.groups, shape.activation) = (op.convolution.convolution.groups, op.convolution.activation.code)
    (shape.height, shape.width) = geometry.input
    (shape.kernel_height, shape.kernel_width) = geometry.kernel
    (shape.stride_y, shape.stride_x) = geometry.strides
    (shape.dilation_y, shape.dilation_x) = geometry.dilations
    (shape.pad_top, shape.pad_left) = geometry.padding
    (shape.out_height, shape.out_width) = geometry.output
    (self.x, self.w, self.bias, self.residual, self.output, self.scales, self.shape) = (x, w, bias, residual, output, scales, shape)
  }

  func scratchCount(threads: Int) -> Int {
    var shape = shape
    return floatCount(lathe_convolution_scratch_i8(&shape), threads)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var convolution = shape
    let plane = shape.out_height * shape.out_width
    (convolution.x, convolution.w) = (UnsafePointer(memory.codes(x)), UnsafePointer(memory.codes(w)))
    (convolution.scale, convolution.bias) = (scales.floats, UnsafePointer(memory.floats(bias)))
    (convolution.residual, convolution.y) = (residual.rows(memory), output.rows(memory))
    (convolution.residual.stride, convolution.y.f32_stride, convolution.y.i8_stride) = (plane, plane, plane)
    lathe_parallel_convolution_i8(pool.handle, pool.kernels, &convolution, memory.scratch)
    return true
  }
}
