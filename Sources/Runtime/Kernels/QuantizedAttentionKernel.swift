@preconcurrency internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// QuantizedAttention, with any mask that broadcasts.
struct QuantizedAttentionKernel: Kernel {
  private let q: ValueID
  /// nil where Q holds all three.
  private let k, v: ValueID?
  private let scales: [ValueID]
  private let mask: ValueID?
  private let isMaskBoolean: Bool
  private let output: QuantizedOutput
  /// All but the addresses; the scale is the operator's.
  private let shape: lathe_attention_i8

  init?(_ site: KernelSite, _ op: QuantizedAttention, _ library: KernelLibrary) throws(Diagnostic) {
    guard let queries = site.input(0)?.shape, queries.count == 3, !queries.contains(0), let q = site.node.inputs[0],
      let output = try QuantizedOutput(site, scale: 5, library)
    else { return nil }
    let scales = site.node.inputs[1...3].compactMap { $0 }
    guard scales.count == 3 else { return nil }
    let heads = op.attention.heads
    var shape = lathe_attention_i8()
    (shape.batch, shape.heads, shape.queries) = (queries[0], heads, queries[1])
    (shape.q_stride, shape.q_batch_stride) = (queries[2], queries[1] * queries[2])
    if let keys = site.input(6)?.shape, let values = site.input(7)?.shape {
      guard !keys.contains(0), !values.contains(0) else { return nil }
      (shape.keys, shape.size, shape.width) = (keys[1], queries[2] / heads, values[2] / heads)
      (shape.k_stride, shape.k_batch_stride) = (keys[2], keys[1] * keys[2])
      (shape.v_stride, shape.v_batch_stride) = (values[2], values[1] * values[2])
      (k, v) = (site.node.inputs[6], site.node.inputs[7])
    } else {
      guard site.isAbsent(6), site.isAbsent(7) else { return nil }
      let columns = queries[2] / 3
      (shape.keys, shape.size, shape.width) = (queries[1], columns / heads, columns / heads)
      (shape.k_stride, shape.k_batch_stride) = (shape.q_stride, shape.q_batch_stride)
      (shape.v_stride, shape.v_batch_stride) = (shape.q_stride, shape.q_batch_stride)
      (k, v) = (nil, nil)
    }
    guard shape.keys <= LATHE_ATTENTION_MOST_KEYS_I8, shape.size > 0, shape.width > 0 else { return nil }
    (shape.scale, shape.masked_value) = (op.attention.scale, op.attention.maskedValue)
    shape.zero_masked_rows = op.attention.zeroesMaskedRows
    let results = shape.queries * heads * shape.width
    (shape.y_batch_stride, shape.y_i8_batch_stride) = (results, results)
    if let mask = site.input(4) {
      guard let strides = AttentionKernel.strides(mask.shape, [shape.batch, heads, shape.queries, shape.keys]) else { return nil }
      shape.mask_strides = (strides[0], strides[1], strides[2], strides[3])
    }
    mask = site.isAbsent(4) ? nil : site.node.inputs[4]
    (self.q, self.scales, self.output, isMaskBoolean, self.shape) = (q, scales, output, site.input(4)?.dtype == .bool, shape)
  }

  func scratchCount(threads: Int) -> Int {
    var shape = shape
    return floatCount(lathe_attention_scratch_i8(&shape), threads)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var attention = shape
    let columns = shape.heads * shape.size
    attention.q = UnsafePointer(memory.codes(q))
    attention.k = k.map { UnsafePointer(memory.codes($0)) } ?? attention.q?.advanced(by: columns)
    attention.v = v.map { UnsafePointer(memory.codes($0)) } ?? attention.q?.advanced(by: 2 * columns)
    let factors = (memory.floats(scales[0])?.pointee ?? 1, memory.floats(scales[1])?.pointee ?? 1, memory.floats(scales[2])?.pointee ?? 1)
    (attention.scale, attention.v_scale) = (factors.0 * factors.1 * shape.scale, factors.2)
    if let mask, isMaskBoolean {
      attention.keep = memory.addresses[mask.index].map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
    } else {
      attention.mask = UnsafePointer(memory.floats(mask))
    }
    attention.y = output.rows(memory)
    lathe_parallel_attention_i8(pool.handle, pool.kernels, &attention, memory.scratch)
    return true
  }
}
