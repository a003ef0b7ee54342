@preconcurrency internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// FusedAttention, with any mask that broadcasts.
struct AttentionKernel: Kernel {
  private let q, y: ValueID
  /// nil where Q holds all three.
  private let k, v: ValueID?
  private let mask: ValueID?
  private let isMaskBoolean: Bool
  /// All but the addresses.
  private let shape: lathe_attention_f32

  init?(_ site: KernelSite, _ op: FusedAttention) {
    guard let (q, queries) = site.floats(0), queries.count == 3, let (y, result) = site.onlyOutput, !result.contains(0) else { return nil }
    var shape = lathe_attention_f32()
    (shape.batch, shape.queries, shape.heads) = (queries[0], queries[1], op.heads)
    (shape.q_stride, shape.q_batch_stride) = (queries[2], queries[1] * queries[2])
    (shape.scale, shape.masked_value, shape.zero_masked_rows) = (op.scale, op.maskedValue, op.zeroesMaskedRows)
    (shape.y_stride, shape.y_batch_stride) = (result[2], result[1] * result[2])
    (self.q, self.y) = (q, y)
    if let (k, keys) = site.floats(1), let (v, values) = site.floats(2) {
      (shape.keys, shape.size, shape.width) = (keys[1], queries[2] / op.heads, values[2] / op.heads)
      (shape.k_stride, shape.k_batch_stride) = (keys[2], keys[1] * keys[2])
      (shape.v_stride, shape.v_batch_stride) = (values[2], values[1] * values[2])
      (self.k, self.v) = (k, v)
    } else {
      guard site.isAbsent(1), site.isAbsent(2) else { return nil }
      let columns = queries[2] / 3
      (shape.keys, shape.size, shape.width) = (queries[1], columns / op.heads, columns / op.heads)
      (shape.k_stride, shape.k_batch_stride) = (shape.q_stride, shape.q_batch_stride)
      (shape.v_stride, shape.v_batch_stride) = (shape.q_stride, shape.q_batch_stride)
      (k, v) = (nil, nil)
    }
    guard shape.keys > 0, shape.size > 0 else { return nil }
    if let mask = site.input(3) {
      guard mask.dtype == .float32 || mask.dtype == .bool,
        let strides = Self.strides(mask.shape, [shape.batch, shape.heads, shape.queries, shape.keys])
      else { return nil }
      shape.mask_strides = (strides[0], strides[1], strides[2], strides[3])
    }
    mask = site.isAbsent(3) ? nil : site.node.inputs[3]
    isMaskBoolean = site.input(3)?.dtype == .bool
    self.shape = shape
  }

  /// Strides along `extents`, 0 where the shape repeats; nil where it does not broadcast.
  static func strides(_ shape: [Int], _ extents: [Int]) -> [Int]? {
    guard shape.count <= extents.count else { return nil }
    let own = Array(repeating: 1, count: extents.count - shape.count) + shape
    var (strides, stride) = (Array(repeating: 0, count: extents.count), 1)
    for axis in extents.indices.reversed() {
      guard own[axis] == 1 || own[axis] == extents[axis] else { return nil }
      strides[axis] = own[axis] == 1 ? 0 : stride
      stride *= own[axis]
    }
    return strides
  }

  func scratchCount(threads: Int) -> Int {
    var shape = shape
    return lathe_attention_scratch_f32(&shape) * threads
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var attention = shape
    attention.q = UnsafePointer(memory.floats(q))
    let columns = shape.heads * shape.size
    attention.k = UnsafePointer(k.flatMap { memory.floats($0) } ?? memory.floats(q)?.advanced(by: columns))
    attention.v = UnsafePointer(v.flatMap { memory.floats($0) } ?? memory.floats(q)?.advanced(by: 2 * columns))
    if let mask, isMaskBoolean {
      attention.keep = memory.addresses[mask.index].map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
    } else {
      attention.mask = UnsafePointer(memory.floats(mask))
    }
    attention.y = memory.floats(y)
    lathe_parallel_attention_f32(pool.handle, pool.kernels, &attention, memory.scratch)
    return true
  }
}
