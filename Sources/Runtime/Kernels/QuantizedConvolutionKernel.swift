@preconcurrency internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// QuantizedConvolution over one or two spatial axes, with constant scales and zero points of W.
struct QuantizedConvolutionKernel: Kernel {
  private let x, w: ValueID
  private let zeroPoint: ZeroPoint?
  private let bias: ValueID?
  private let residual: QuantizedInput
  private let output: QuantizedOutput
  /// Of each filter, with that of X where that is constant.
  private let scales: Tensor
  /// Of X, where it is computed.
  private let scale: ValueID?
  private let weightZeroPoints: Tensor?
  /// All but the addresses.
  private let shape: lathe_convolution_i8

  init?(_ site: KernelSite, _ op: QuantizedConvolution, _ library: KernelLibrary) throws(Diagnostic) {
    guard let type = site.input(0), case let input = type.shape, let weights = site.input(2)?.shape,
      let x = site.node.inputs[0], let w = site.node.inputs[2],
      let result = site.outputs.compactMap({ $0 }).first?.shape, !result.contains(0), !input.contains(0), !weights.contains(0),
      let bias = site.optionalFloats(4, [weights[0]]), let residual = QuantizedInput(site, 5, scale: 6),
      site.isAbsent(6) || site.input(6)?.shape.isEmpty == true, let output = try QuantizedOutput(site, scale: 7, zeroPoint: 9, library),
      let geometry = ConvolutionGeometry(op.convolution.convolution, input: input, weights: weights),
      site.isAbsent(10) || site.constant(10) != nil, let factors = site.constantFloats(3)
    else { return nil }
    var shape = lathe_convolution_i8()
    zeroPoint = ZeroPoint(site, 8)
    shape.x_codes = type.dtype == .uint8 ? LATHE_CODES_UNSIGNED : zeroPoint == nil ? LATHE_CODES_SYMMETRIC : LATHE_CODES_SIGNED
    weightZeroPoints = try site.weightZeroPoints(10)
    let most = QuantizedLinear.mostInputs(withZeroPointOfX: shape.x_codes != LATHE_CODES_SYMMETRIC, ofW: weightZeroPoints != nil)
    guard weights.dropFirst().reduce(1, *) <= most else { return nil }
    (shape.batch, shape.channels, shape.filters) = (input[0], input[1], weights[0])
    (shape.groups, shape.activation) = (op.convolution.convolution.groups, op.convolution.activation.code)
    (shape.height, shape.width) = geometry.input
    (shape.kernel_height, shape.kernel_width) = geometry.kernel
    (shape.stride_y, shape.stride_x) = geometry.strides
    (shape.dilation_y, shape.dilation_x) = geometry.dilations
    (shape.pad_top, shape.pad_left) = geometry.padding
    (shape.out_height, shape.out_width) = geometry.output
    let products = try library.scales(site, at: 3, by: 1)
    (scales, scale) = (products ?? factors, products == nil ? site.node.inputs[1] : nil)
    (self.x, self.w, self.bias, self.residual, self.output, self.shape) = (x, w, bias, residual, output, shape)
  }

  /// All but the addresses that a run gives.
  private var convolution: lathe_convolution_i8 {
    var convolution = shape
    convolution.w_zero_point = weightZeroPoints?.integers32
    return convolution
  }

  func scratchCount(threads: Int) -> Int {
    sharedScratch(threads) + (scale == nil ? 0 : shape.filters)
  }

  /// Floats of scratch before those of the scales.
  private func sharedScratch(_ threads: Int) -> Int {
    var convolution = convolution
    return floatCount(lathe_convolution_scratch_i8(&convolution), threads)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var convolution = convolution
    let plane = shape.out_height * shape.out_width
    (convolution.x, convolution.w) = (UnsafePointer(memory.codes(x)), UnsafePointer(memory.codes(w)))
    convolution.x_zero_point = zeroPoint?.value(memory) ?? 0
    (convolution.scale, convolution.bias) = (scales.floats, UnsafePointer(memory.floats(bias)))
    if let own = memory.floats(scale)?.pointee, let source = scales.floats, let scratch = memory.scratch {
      let target = scratch + sharedScratch(pool.threads)
      for filter in 0..<shape.filters { target[filter] = own * source[filter] }
      convolution.scale = UnsafePointer(target)
    }
    (convolution.residual, convolution.y) = (residual.rows(memory), output.rows(memory))
    (convolution.residual.stride, convolution.y.f32_stride, convolution.y.i8_stride) = (plane, plane, plane)
    lathe_parallel_convolution_i8(pool.handle, pool.kernels, &convolution, memory.scratch)
    return true
  }
}
