@preconcurrency internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// A tensor as rows that threads share, wherever its axes end.
private struct FlatRows {
  let count, width: Int

  /// nil for a tensor without elements.
  init?(_ shape: [Int]) {
    let elements = shape.reduce(1, *)
    guard elements > 0 else { return nil }
    var width = 1
    for extent in shape.reversed() where width < 256 { width *= extent }
    (count, self.width) = (elements / width, width)
  }
}

/// QuantizeLinear of floats to bytes with one scale.
struct QuantizeKernel: Kernel {
  private let x, y, scale: ValueID
  private let zeroPoint: ZeroPoint?
  private let codes: lathe_codes
  private let rows: FlatRows

  init?(_ site: KernelSite, _ op: QuantizeLinear) {
    guard let (x, shape) = site.floats(0), let (scale, own) = site.floats(1), own.reduce(1, *) == 1, op.blockSize == 0,
      op.precision == nil || op.precision == .float32, let y = site.node.outputs[0], let type = site.outputs[0],
      type.dtype == .int8 || type.dtype == .uint8, let rows = FlatRows(shape)
    else { return nil }
    (self.x, self.y, self.scale, self.rows, zeroPoint) = (x, y, scale, rows, ZeroPoint(site, 2))
    codes = type.dtype == .uint8 ? LATHE_CODES_UNSIGNED : LATHE_CODES_SIGNED
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var quantize = lathe_quantize_i8()
    (quantize.width, quantize.x.f32, quantize.x.stride) = (rows.width, UnsafePointer(memory.floats(x)), rows.width)
    (quantize.y.i8, quantize.y.i8_stride) = (memory.codes(y), rows.width)
    (quantize.y.codes, quantize.y.zero_point) = (codes, zeroPoint?.value(memory) ?? 0)
    quantize.y.scale = memory.floats(scale)?.pointee ?? 1
    return lathe_parallel_quantize_i8(pool.handle, pool.kernels, &quantize, rows.count)
  }
}

/// DequantizeLinear of bytes to floats with one scale.
struct DequantizeKernel: Kernel {
  private let x, y, scale: ValueID
  private let zeroPoint: ZeroPoint?
  private let codes: lathe_codes
  private let rows: FlatRows

  init?(_ site: KernelSite, _ op: DequantizeLinear) {
    guard let type = site.input(0), type.dtype == .int8 || type.dtype == .uint8, let x = site.node.inputs[0],
      let (scale, own) = site.floats(1), own.reduce(1, *) == 1, op.blockSize == 0, let (y, shape) = site.onlyOutput,
      let rows = FlatRows(shape)
    else { return nil }
    (self.x, self.y, self.scale, self.rows, zeroPoint) = (x, y, scale, rows, ZeroPoint(site, 2))
    codes = type.dtype == .uint8 ? LATHE_CODES_UNSIGNED : LATHE_CODES_SIGNED
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var quantize = lathe_quantize_i8()
    (quantize.width, quantize.x.i8, quantize.x.stride) = (rows.width, UnsafePointer(memory.codes(x)), rows.width)
    (quantize.x.codes, quantize.x.zero_point) = (codes, zeroPoint?.value(memory) ?? 0)
    quantize.x.scale = memory.floats(scale)?.pointee ?? 1
    (quantize.y.f32, quantize.y.f32_stride) = (memory.floats(y), rows.width)
    return lathe_parallel_quantize_i8(pool.handle, pool.kernels, &quantize, rows.count)
  }
}

/// DynamicQuantizeLinear.
struct DynamicQuantizeKernel: Kernel {
  private let x: ValueID
  private let y, scale, zeroPoint: ValueID?
  private let rows: FlatRows

  init?(_ site: KernelSite) {
    guard let (x, shape) = site.floats(0), let rows = FlatRows(shape) else { return nil }
    let outputs = site.node.outputs + [nil, nil, nil]
    (self.x, y, scale, zeroPoint, self.rows) = (x, outputs[0], outputs[1], outputs[2], rows)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    let source = UnsafeBufferPointer(start: memory.floats(x), count: rows.count * rows.width)
    let (factor, zero) = DynamicQuantizeLinear.parameters(ofRange: Self.range(source))
    memory.floats(scale)?.pointee = factor
    memory.codes(zeroPoint)?.pointee = Int8(bitPattern: zero)
    guard let target = memory.codes(y) else { return true }
    var quantize = lathe_quantize_i8()
    (quantize.width, quantize.x.f32, quantize.x.stride) = (rows.width, source.baseAddress, rows.width)
    (quantize.y.i8, quantize.y.i8_stride, quantize.y.codes) = (target, rows.width, LATHE_CODES_UNSIGNED)
    (quantize.y.scale, quantize.y.zero_point) = (factor, Int32(zero))
    return lathe_parallel_quantize_i8(pool.handle, pool.kernels, &quantize, rows.count)
  }

  /// The least and the largest of the numbers and 0.
  private static func range(_ values: UnsafeBufferPointer<Float>) -> (low: Float, high: Float) {
    var (low, high) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
    let whole = values.count / 16 * 16
    let bytes = UnsafeRawBufferPointer(values)
    for start in stride(from: 0, to: whole, by: 16) {
      let lanes = bytes.loadUnaligned(fromByteOffset: start * MemoryLayout<Float>.size, as: SIMD16<Float>.self)
      low.replace(with: lanes, where: lanes .< low)
      high.replace(with: lanes, where: lanes .> high)
    }
    var (least, most) = (low.min(), high.max())
    for value in values[whole...] {
      if value < least { least = value }
      if value > most { most = value }
    }
    return (least, most)
  }
}
