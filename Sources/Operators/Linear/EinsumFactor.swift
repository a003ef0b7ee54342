import LatheDiagnostics
import LatheTensors

/// A tensor whose axes have labels, each of them once.
struct EinsumFactor {
  let tensor: Tensor
  let labels: [Int]

  private init(_ tensor: Tensor, _ labels: [Int]) {
    self.tensor = tensor
    self.labels = labels
  }

  /// The diagonal of axes with the same label, without the axes of extent 1 that broadcast to another one in `extents`.
  init(_ tensor: Tensor, _ names: [Int], _ extents: [Int: Int]) throws(Diagnostic) {
    let own = StridedLayout(contiguous: tensor.shape)
    var layout = StridedLayout(shape: [], strides: [])
    var labels: [Int] = []
    for (axis, label) in names.enumerated() where own.shape[axis] == extents[label] {
      if let place = labels.firstIndex(of: label) {
        layout.strides[place] += own.strides[axis]
        continue
      }
      labels.append(label)
      layout.shape.append(own.shape[axis])
      layout.strides.append(own.strides[axis])
    }
    self.labels = labels
    self.tensor =
      layout.strides == StridedLayout.rowMajorStrides(layout.shape) && layout.shape.count == tensor.rank
      ? tensor : try tensor.gathered(by: layout)
  }

  /// The factor with its axes in another order.
  func ordered(_ order: [Int]) throws(Diagnostic) -> EinsumFactor {
    guard order != labels else { return self }
    let permutation = order.compactMap { labels.firstIndex(of: $0) }
    let layout = StridedLayout(contiguous: tensor.shape).permuted(permutation)
    return EinsumFactor(try tensor.gathered(by: layout), order)
  }

  /// The sum over all axes with other labels than these.
  func summed<T: NumericElement>(keeping needed: Set<Int>, as type: T.Type) throws(Diagnostic) -> EinsumFactor {
    let kept = labels.filter(needed.contains)
    guard kept != labels else { return self }
    let rows = try ordered(kept + labels.filter { !needed.contains($0) }).tensor
    let shape = Array(rows.shape[..<kept.count])
    let extent = rows.shape[kept.count...].reduce(1, *)
    let sums = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      rows.withElements(as: T.self) { source in
        for row in target.indices {
          target[row] = ReduceSum.reduce(UnsafeBufferPointer(rebasing: source[row * extent..<(row + 1) * extent]))
        }
      }
    }
    return EinsumFactor(sums, kept)
  }

  /// The product with another factor, summed over all labels that are not needed.
  func times<T: NumericElement>(
    _ other: EinsumFactor, keeping needed: Set<Int>, as type: T.Type
  ) throws(Diagnostic) -> EinsumFactor {
    let left = try summed(keeping: needed.union(other.labels), as: T.self)
    let right = try other.summed(keeping: needed.union(labels), as: T.self)
    let (own, others) = (Set(left.labels), Set(right.labels))
    let batch = left.labels.filter { others.contains($0) && needed.contains($0) }
    let contracted = left.labels.filter { others.contains($0) && !needed.contains($0) }
    let (rows, columns) = (left.labels.filter { !others.contains($0) }, right.labels.filter { !own.contains($0) })
    let a = try left.ordered(batch + rows + contracted).tensor
    let b = try right.ordered(batch + contracted + columns).tensor
    let shape = Array(a.shape[..<(batch.count + rows.count)]) + b.shape[(batch.count + contracted.count)...]
    try Self.checkSize(shape, T.dtype)
    func extent(_ shape: ArraySlice<Int>) -> Int { shape.reduce(1, *) }
    let count = extent(a.shape[..<batch.count])
    let m = extent(a.shape[batch.count..<(batch.count + rows.count)])
    let k = extent(a.shape[(batch.count + rows.count)...])
    let n = extent(b.shape[(batch.count + contracted.count)...])
    let product = try MatrixProduct.batched(
      try a.reshaped(to: [count, m, k]), try b.reshaped(to: [count, k, n]), batch: [count], as: T.self)
    return EinsumFactor(try product.reshaped(to: shape), batch + rows + columns)
  }

  /// Refuses what lies between the operands and the result if it is larger than any tensor may be by default.
  private static func checkSize(_ shape: [Int], _ dtype: DType) throws(Diagnostic) {
    let limits = ResourceLimits()
    guard let bytes = dtype.byteCount(of: try Tensor.elementCount(of: shape)), bytes <= limits.tensorBytes else {
      throw limits.exceeded("tensor-bytes", "Einsum would make a tensor of \(dtype)\(shape) on its way to the result")
    }
  }
}
