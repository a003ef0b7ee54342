internal import CLatheKernels
import LatheDiagnostics
import LatheOperators
import LatheTensors

/// FusedAttention on 32-bit floats.
struct AttentionKernel: Sendable {
  /// A number that absorbs any product that is added to it, so that adding it is the same as putting it in the product's place.
  private static let absorbing: Float = -1e30

  let pool: ThreadPool
  let op: FusedAttention

  @Sendable func run(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor]? {
    guard var attention = try shapes(inputs) else { return nil }
    let mask = inputs.count > 3 ? inputs[3] : nil
    var added: Tensor?
    if let mask {
      guard let floats = try additive(mask), setStrides(of: floats, &attention) else { return nil }
      added = floats
      attention.mask = floats.floats
    }
    let shape = [attention.batch, attention.queries, attention.heads * attention.width]
    let scratch = try pool.buffers.tensor([lathe_attention_scratch_f32(&attention) * pool.threads]) { _ in }
    let y = try pool.buffers.tensor(shape) { y in
      (attention.y, attention.y_stride) = (y, shape[2])
      lathe_parallel_attention_f32(pool.handle, pool.kernels, &attention, UnsafeMutablePointer(mutating: scratch.floats))
      withExtendedLifetime((inputs, added, scratch)) {}
    }
    return [y]
  }

  private func shapes(_ inputs: [Tensor?]) throws(Diagnostic) -> lathe_attention_f32? {
    guard let q = inputs[0], q.dtype == .float32, q.rank == 3 else { return nil }
    var attention = lathe_attention_f32()
    (attention.batch, attention.queries, attention.heads) = (q.shape[0], q.shape[1], op.heads)
    (attention.scale, attention.zeroes_masked_rows) = (op.scale, op.zeroesMaskedRows)
    attention.q_stride = q.shape[2]
    attention.q = q.floats
    let k = inputs.count > 1 ? inputs[1] : nil
    let v = inputs.count > 2 ? inputs[2] : nil
    if let k, let v {
      guard k.dtype == .float32, v.dtype == .float32, k.rank == 3, v.rank == 3, k.shape[0] == q.shape[0],
        v.shape[0] == q.shape[0], k.shape[1] == v.shape[1], k.shape[2] == q.shape[2]
      else { return nil }
      (attention.keys, attention.size, attention.width) = (k.shape[1], q.shape[2] / op.heads, v.shape[2] / op.heads)
      (attention.k, attention.k_stride, attention.v, attention.v_stride) = (k.floats, k.shape[2], v.floats, v.shape[2])
    } else {
      let columns = q.shape[2] / 3
      (attention.keys, attention.size, attention.width) = (q.shape[1], columns / op.heads, columns / op.heads)
      (attention.k_stride, attention.v_stride) = (q.shape[2], q.shape[2])
      attention.k = q.floats?.advanced(by: columns)
      attention.v = q.floats?.advanced(by: 2 * columns)
    }
    guard attention.batch > 0, attention.queries > 0, attention.keys > 0, attention.size > 0, attention.width > 0 else { return nil }
    return attention
  }

  /// The mask as floats to add; nil for a Boolean one whose replacement does not absorb the product.
  private func additive(_ mask: Tensor) throws(Diagnostic) -> Tensor? {
    if mask.dtype == .float32 { return mask }
    guard mask.dtype == .bool, op.maskedValue <= Self.absorbing else { return nil }
    return try pool.buffers.tensor(mask.shape) { y in
      mask.withBytes { bytes in for (index, byte) in bytes.enumerated() { y[index] = byte == 0 ? op.maskedValue : 0 } }
    }
  }

  /// Strides of a mask that broadcasts to [batch, heads, queries, keys]; false where it does not.
  private func setStrides(of mask: Tensor, _ attention: inout lathe_attention_f32) -> Bool {
    let wanted = [attention.batch, attention.heads, attention.queries, attention.keys]
    guard mask.rank <= 4 else { return false }
    let shape = Array(repeating: 1, count: 4 - mask.rank) + mask.shape
    var (strides, stride) = ([0, 0, 0, 0], 1)
    for axis in (0..<4).reversed() {
      guard shape[axis] == 1 || shape[axis] == wanted[axis] else { return false }
      strides[axis] = shape[axis] == 1 ? 0 : stride
      stride *= shape[axis]
    }
    (attention.mask_batch_stride, attention.mask_head_stride) = (strides[0], strides[1])
    (attention.mask_query_stride, attention.mask_key_stride) = (strides[2], strides[3])
    return true
  }
}
