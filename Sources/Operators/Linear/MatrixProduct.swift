import LatheDiagnostics
import LatheTensors

/// The product of row-major matrices, the inner loop of every linear operator.
///
/// Each element of the result is summed in order of ascending k, so that results do not depend on blocking.
enum MatrixProduct {
  /// Adds a·b to `target`: `a` is [m, k], `b` is [k, n], `target` is [m, n].
  @inline(__always)
  static func accumulate<T: NumericElement>(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, into target: UnsafeMutablePointer<T>, m: Int, k: Int, n: Int
  ) {
    // Rows of nothing may be more than can be counted through.
    guard n > 0, k > 0 else { return }
    for row in 0..<m {
      let result = target + row * n
      let left = a + row * k
      var step = 0
      while step + 4 <= k {
        let (a0, a1, a2, a3) = (left[step], left[step + 1], left[step + 2], left[step + 3])
        let (b0, b1, b2, b3) = (b + step * n, b + (step + 1) * n, b + (step + 2) * n, b + (step + 3) * n)
        for column in 0..<n {
          var sum = T.adding(result[column], T.multiplying(a0, b0[column]))
          sum = T.adding(sum, T.multiplying(a1, b1[column]))
          sum = T.adding(sum, T.multiplying(a2, b2[column]))
          result[column] = T.adding(sum, T.multiplying(a3, b3[column]))
        }
        step += 4
      }
      while step < k {
        let (a0, b0) = (left[step], b + step * n)
        for column in 0..<n { result[column] = T.adding(result[column], T.multiplying(a0, b0[column])) }
        step += 1
      }
    }
  }

  /// The products of all pairs of matrices in the last two axes of `a` and `b`, whose other axes broadcast to `batch`.
  ///
  /// The shapes have been checked: `a` is […, m, k] and `b` is […, k, n].
  static func batched<T: NumericElement>(
    _ a: Tensor, _ b: Tensor, batch: [Int], as type: T.Type
  ) throws(Diagnostic) -> Tensor {
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    guard let left = StridedLayout(broadcasting: Array(a.shape.dropLast(2)), to: batch),
      let right = StridedLayout(broadcasting: Array(b.shape.dropLast(2)), to: batch)
    else { throw .invalid("operator/broadcast", "\(a.shape) and \(b.shape) do not broadcast to a batch of \(batch)") }
    return try Tensor(of: T.self, shape: batch + [m, n]) { (target: UnsafeMutableBufferPointer<T>) in
      a.withElements(as: T.self) { x in
        b.withElements(as: T.self) { y in
          guard let x = x.baseAddress, let y = y.baseAddress, let result = target.baseAddress else { return }
          // One matrix on the right serves all rows on the left, so the whole batch is a single product.
          guard !right.strides.allSatisfy({ $0 == 0 }) || left.strides.contains(0) && !left.shape.isEmpty else {
            return accumulate(x, y, into: result, m: batch.reduce(m, *), k: k, n: n)
          }
          PairedRows.forEach(left, right) { position, one, other, count in
            for step in 0..<count {
              let first = x + (one.start + step * one.stride) * m * k
              let second = y + (other.start + step * other.stride) * k * n
              accumulate(first, second, into: result + (position + step) * m * n, m: m, k: k, n: n)
            }
          }
        }
      }
    }
  }

  /// The tensor in the type that its sums are taken in: Float for the floats of 16 bits, itself otherwise.
  static func widened<T: NumericElement>(_ tensor: Tensor, from type: T.Type) throws(Diagnostic) -> Tensor {
    guard tensor.dtype == .float16 || tensor.dtype == .bfloat16 else { return tensor }
    return try Broadcasting.map(tensor) { (x: T) in Float(x.double) }
  }

  /// Sums in `Float` rounded to a float of 16 bits; other types are left as they are.
  static func narrowed<T: NumericElement>(_ tensor: Tensor, to type: T.Type) throws(Diagnostic) -> Tensor {
    guard T.dtype != tensor.dtype else { return tensor }
    return try Broadcasting.map(tensor) { (x: Float) in T(double: Double(x)) }
  }
}
