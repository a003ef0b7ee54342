@preconcurrency internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Rows of results as floats and as INT8 values.
struct QuantizedOutput {
  private let floats, codes: ValueID?
  private let scale: ValueID?
  /// 1 / scale of each column, where columns have their own.
  private let inverses: Tensor?
  private let zeroPoint: ZeroPoint?
  private let width: Int

  /// nil for outputs that are no floats and INT8 values, and for scales of columns that are not constant.
  init?(_ site: KernelSite, scale position: Int, zeroPoint: Int? = nil, _ library: KernelLibrary) throws(Diagnostic) {
    let outputs = site.node.outputs
    guard outputs.count <= 2, let shape = site.outputs.compactMap({ $0 }).first?.shape, let width = shape.last else { return nil }
    floats = outputs.first ?? nil
    codes = outputs.count > 1 ? outputs[1] : nil
    scale = site.isAbsent(position) ? nil : site.node.inputs[position]
    guard codes == nil || scale != nil else { return nil }
    self.zeroPoint = zeroPoint.flatMap { ZeroPoint(site, $0) }
    self.width = width
    guard let scale, site.input(position)?.shape.isEmpty == false else {
      inverses = nil
      return
    }
    guard let scales = site.constantFloats(position) else { return nil }
    inverses = try library.inverses(of: scales, scale)
  }

  func rows(_ memory: Memory) -> lathe_rows_out {
    var rows = lathe_rows_out()
    (rows.f32, rows.f32_stride) = (memory.floats(floats), width)
    (rows.i8, rows.i8_stride) = (memory.codes(codes), width)
    rows.inverse_scales = inverses?.floats
    if let scale = memory.floats(scale)?.pointee { (rows.scale, rows.inverse_scale) = (scale, 1 / scale) }
    if let zeroPoint { (rows.codes, rows.zero_point) = (zeroPoint.codes, zeroPoint.value(memory)) }
    return rows
  }
}

extension KernelLibrary {
  /// 1 / scale of each column.
  func inverses(of scales: Tensor, _ id: ValueID) throws(Diagnostic) -> Tensor {
    try repacked(id, .inverses) { () throws(Diagnostic) in
      try .floats(scales.shape) { target in
        guard let source = scales.floats else { return }
        for column in 0..<scales.elementCount { target[column] = 1 / source[column] }
      }
    }
  }
}

/// A zero point, which may be computed.
struct ZeroPoint {
  private let id: ValueID
  private let isUnsigned: Bool

  /// nil for an operand that is left out.
  init?(_ site: KernelSite, _ position: Int) {
    guard let type = site.input(position), let id = site.node.inputs[position] else { return nil }
    (self.id, isUnsigned) = (id, type.dtype == .uint8)
  }

  /// The codes of values that it belongs to.
  var codes: lathe_codes { isUnsigned ? LATHE_CODES_UNSIGNED : LATHE_CODES_SIGNED }

  func value(_ memory: Memory) -> Int32 {
    guard let code = memory.codes(id)?.pointee else { return 0 }
    return isUnsigned ? Int32(UInt8(bitPattern: code)) : Int32(code)
  }
}

extension KernelSite {
  /// Constant zero points of weights in 32 bits, as kernels read them; nil for an operand that is left out.
  func weightZeroPoints(_ position: Int) throws(Diagnostic) -> Tensor? {
    try constant(position).map { (zeroes) throws(Diagnostic) in
      try Tensor((zeroes.integers() ?? []).map { Int32(truncatingIfNeeded: $0) }, shape: zeroes.shape)
    }
  }
}

extension Tensor {
  /// The elements of a tensor of 32-bit integers; they stay where they are while the tensor lives.
  var integers32: UnsafePointer<Int32>? {
    withBytes { $0.baseAddress?.assumingMemoryBound(to: Int32.self) }
  }
}

/// Rows of an operand: floats, or INT8 values with a scale.
struct QuantizedInput {
  private let value: ValueID?
  private let scale: ValueID?
  private let isQuantized: Bool
  private let isPerRow: Bool
  private let width: Int

  /// nil for an operand that is neither.
  init?(_ site: KernelSite, _ position: Int, scale: Int?) {
    guard let type = site.input(position) else {
      guard site.isAbsent(position) else { return nil }
      (value, self.scale, isQuantized, isPerRow, width) = (nil, nil, false, false, 0)
      return
    }
    guard type.dtype == .float32 || type.dtype == .int8, let width = type.shape.last else { return nil }
    value = site.node.inputs[position]
    isQuantized = type.dtype == .int8
    let factor = scale.flatMap { site.input($0) }
    guard !isQuantized || factor != nil else { return nil }
    self.scale = scale.flatMap { site.isAbsent($0) ? nil : site.node.inputs[$0] }
    isPerRow = (factor?.elementCount ?? 1) > 1 || !(factor?.shape.isEmpty ?? true)
    self.width = width
  }

  func rows(_ memory: Memory) -> lathe_rows_in {
    var rows = lathe_rows_in()
    rows.stride = width
    guard isQuantized else {
      rows.f32 = UnsafePointer(memory.floats(value))
      return rows
    }
    rows.i8 = UnsafePointer(memory.codes(value))
    if isPerRow {
      rows.row_scale = UnsafePointer(memory.floats(scale))
    } else {
      rows.scale = memory.floats(scale)?.pointee ?? 1
    }
    return rows
  }
}

extension Memory {
  /// The INT8 values of an operand or result that may be left out.
  func codes(_ id: ValueID?) -> UnsafeMutablePointer<Int8>? {
    id.flatMap { addresses[$0.index] }?.assumingMemoryBound(to: Int8.self)
  }
}

/// Floats that hold so many bytes for each thread.
func floatCount(_ bytes: Int, _ threads: Int) -> Int { (bytes * threads + 3) / 4 }

/// QuantizedLinear with constant weights.
struct QuantizedLinearKernel: Kernel {
  private let x: ValueID
  private let isUnsigned: Bool
  /// One number that is computed, or one for each row.
  private let scale, rowScales: ValueID?
  private let zeroPoint: ZeroPoint?
  private let bias: ValueID?
  private let residual: QuantizedInput
  private let output: QuantizedOutput
  private let rows, inputs, columns: Int
  /// In blocks of columns and groups of rows, and the scale of each column with that of X, if that is one constant.
  private let weights, scales: Tensor
  private let weightZeroPoints: Tensor?
  private let activation: lathe_activation

  /// - Parameter packed: extents of the weights where they are packed already.
  init?(
    _ site: KernelSite, _ op: QuantizedLinear, packed: (rows: Int, columns: Int)? = nil, _ library: KernelLibrary
  ) throws(Diagnostic) {
    guard let type = site.input(0), let x = site.node.inputs[0], let id = site.node.inputs[2], let w = site.constant(2),
      let extents = packed ?? (w.rank == 2 ? (w.shape[0], w.shape[1]) : nil),
      let factors = site.constantFloats(3), let scale = site.input(1), let bias = site.optionalFloats(4, [extents.columns]),
      let residual = QuantizedInput(site, 5, scale: 6), let output = try QuantizedOutput(site, scale: 7, zeroPoint: 9, library),
      extents.rows > 0, site.isAbsent(10) || site.constant(10) != nil
    else { return nil }
    (isUnsigned, zeroPoint) = (type.dtype == .uint8, ZeroPoint(site, 8))
    weightZeroPoints = try site.weightZeroPoints(10)
    (self.x, self.bias, self.residual, self.output, activation) = (x, bias, residual, output, op.activation.code)
    (inputs, columns) = extents
    rows = type.elementCount / inputs
    weights = packed == nil ? try library.repacked(id, .blocks) { () throws(Diagnostic) in try Self.packed(w) } : w
    guard scale.shape.isEmpty, site.constantFloats(1) != nil else {
      (self.scale, rowScales) = scale.shape.isEmpty ? (site.node.inputs[1], nil) : (nil, site.node.inputs[1])
      scales = factors
      return
    }
    (self.scale, rowScales) = (nil, nil)
    guard let products = try library.scales(site, at: 3, by: 1) else { return nil }
    scales = products
  }

  private static func packed(_ w: Tensor) throws(Diagnostic) -> Tensor {
    let (rows, columns) = (w.shape[0], w.shape[1])
    return try Tensor(dtype: .int8, shape: [lathe_packed_gemm_size_i8(rows, columns)]) { target in
      w.withElements(as: Int8.self) { source in
        if let start = target.baseAddress { lathe_pack_gemm_i8(rows, columns, source.baseAddress, columns, start.assumingMemoryBound(to: Int8.self)) }
      }
    }
  }

  private func gemm(_ memory: Memory?) -> lathe_gemm_i8 {
    var gemm = lathe_gemm_i8()
    (gemm.m, gemm.n, gemm.k, gemm.x_stride, gemm.activation) = (rows, columns, inputs, inputs, activation)
    gemm.w_zero_point = weightZeroPoints?.integers32
    guard let memory else { return gemm }
    gemm.x = UnsafePointer(memory.codes(x))
    (gemm.x_is_unsigned, gemm.x_zero_point) = (isUnsigned, zeroPoint?.value(memory) ?? 0)
    gemm.x_row_scale = UnsafePointer(memory.floats(rowScales))
    gemm.packed = weights.withBytes { $0.baseAddress?.assumingMemoryBound(to: Int8.self) }
    (gemm.w_scale, gemm.bias) = (scales.floats, UnsafePointer(memory.floats(bias)))
    (gemm.residual, gemm.y) = (residual.rows(memory), output.rows(memory))
    return gemm
  }

  func scratchCount(threads: Int) -> Int {
    sharedScratch(threads) + (scale == nil ? 0 : columns)
  }

  /// Floats of scratch before those of the scales.
  private func sharedScratch(_ threads: Int) -> Int {
    var gemm = gemm(nil)
    return floatCount(lathe_gemm_scratch_i8(&gemm), threads)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var gemm = gemm(memory)
    if let own = memory.floats(scale)?.pointee, let source = scales.floats, let scratch = memory.scratch {
      let target = scratch + sharedScratch(pool.threads)
      for column in 0..<columns { target[column] = own * source[column] }
      gemm.w_scale = UnsafePointer(target)
    }
    lathe_parallel_gemm_i8(pool.handle, pool.kernels, &gemm, memory.scratch)
    return true
  }
}

/// QuantizeRows.
struct QuantizeRowsKernel: Kernel {
  private let x: QuantizedInput
  private let codes: ValueID
  private let scale, rowScales, factors: ValueID?
  private let inverses: Tensor?
  private let rows, width: Int

  init?(_ site: KernelSite, _ library: KernelLibrary) throws(Diagnostic) {
    guard let type = site.input(0), let width = type.shape.last, width > 0, let x = QuantizedInput(site, 0, scale: nil),
      let codes = site.node.outputs[0], let factors = site.optionalFloats(2, [width])
    else { return nil }
    (self.x, self.codes, self.factors, self.width, rows) = (x, codes, factors, width, type.elementCount / width)
    scale = site.isAbsent(1) ? nil : site.node.inputs[1]
    rowScales = site.node.outputs.count > 1 ? site.node.outputs[1] : nil
    guard scale != nil || rowScales != nil else { return nil }
    guard let scale, site.input(1)?.shape.isEmpty == false else {
      inverses = nil
      return
    }
    guard let scales = site.constantFloats(1) else { return nil }
    inverses = try library.inverses(of: scales, scale)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var quantize = lathe_quantize_i8()
    (quantize.width, quantize.factors, quantize.x) = (width, UnsafePointer(memory.floats(factors)), x.rows(memory))
    (quantize.y.i8, quantize.y.i8_stride, quantize.y.row_scale) = (memory.codes(codes), width, memory.floats(rowScales))
    quantize.y.inverse_scales = inverses?.floats
    if let scale = memory.floats(scale)?.pointee { quantize.y.inverse_scale = 1 / scale }
    return lathe_parallel_quantize_i8(pool.handle, pool.kernels, &quantize, rows)
  }
}

/// QuantizedNormalization.
struct QuantizedNormalizationKernel: Kernel {
  private let x, residual: QuantizedInput
  private let scale: ValueID
  private let bias: ValueID?
  private let output: QuantizedOutput
  private let rows, width: Int
  private let epsilon: Float

  init?(_ site: KernelSite, _ op: QuantizedNormalization, _ library: KernelLibrary) throws(Diagnostic) {
    guard let type = site.input(0), let width = type.shape.last, width > 0, let x = QuantizedInput(site, 0, scale: 1),
      let residual = QuantizedInput(site, 2, scale: 3), let (scale, own) = site.floats(4), own == [width],
      let bias = site.optionalFloats(5, [width]), let output = try QuantizedOutput(site, scale: 6, library)
    else { return nil }
    (self.x, self.residual, self.scale, self.bias, self.output) = (x, residual, scale, bias, output)
    (rows, self.width, epsilon) = (type.elementCount / width, width, op.epsilon)
  }

  func scratchCount(threads: Int) -> Int { floatCount(lathe_row_scratch_i8(width), threads) }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var normalization = lathe_normalization_i8()
    (normalization.width, normalization.epsilon) = (width, epsilon)
    (normalization.x, normalization.residual) = (x.rows(memory), residual.rows(memory))
    (normalization.scale, normalization.bias) = (UnsafePointer(memory.floats(scale)), UnsafePointer(memory.floats(bias)))
    normalization.y = output.rows(memory)
    return lathe_parallel_normalization_i8(pool.handle, pool.kernels, &normalization, memory.scratch, rows)
  }
}

/// QuantizedEmbedding on tables of floats and of codes.
struct QuantizedEmbeddingKernel: Kernel {
  private let lookUp: EmbeddingLookUp
  private let scale: ValueID
  private let bias: ValueID?
  private let output: QuantizedOutput

  init?(_ site: KernelSite, _ op: QuantizedEmbedding, _ library: KernelLibrary) throws(Diagnostic) {
    guard let (scale, own) = site.floats(1), own.count == 1, let width = own.last, let bias = site.optionalFloats(2, [width]),
      let result = site.outputs.compactMap({ $0 }).first?.shape, let output = try QuantizedOutput(site, scale: 0, library),
      let lookUp = EmbeddingLookUp(site, op.embedding, first: 3, width: width, result: result)
    else { return nil }
    (self.scale, self.bias, self.output, self.lookUp) = (scale, bias, output, lookUp)
  }

  func scratchCount(threads: Int) -> Int { floatCount(lathe_row_scratch_i8(lookUp.width), threads) }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    lookUp.withSources(memory) { sources in
      withUnsafeTemporaryAllocation(of: lathe_embedding_source_i8.self, capacity: sources.count) { list in
        for (index, source) in sources.enumerated() {
          var own = lathe_embedding_source_i8()
          (own.table.f32, own.table.stride, own.coded, own.rows) = (source.table, lookUp.width, source.coded, source.rows)
          (own.ids, own.batch_stride, own.position_stride, own.offset) = (
            source.ids, source.batch_stride, source.position_stride, source.offset
          )
          list.initializeElement(at: index, to: own)
        }
        var embedding = lathe_embedding_i8()
        (embedding.sequence, embedding.width, embedding.epsilon) = (lookUp.steps, lookUp.width, lookUp.epsilon)
        (embedding.sources, embedding.source_count) = (UnsafePointer(list.baseAddress), sources.count)
        (embedding.scale, embedding.bias) = (UnsafePointer(memory.floats(scale)), UnsafePointer(memory.floats(bias)))
        embedding.y = output.rows(memory)
        return lathe_parallel_embedding_i8(pool.handle, pool.kernels, &embedding, memory.scratch, lookUp.batch * lookUp.steps)
      }
    }
  }
}
