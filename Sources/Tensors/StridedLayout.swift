import LatheDiagnostics

/// How the positions of one shape find their elements in another array: an extent and a stride, in elements, for each axis.
///
/// One description serves broadcasting (stride 0), transposes (permuted strides), slices (steps and an offset, also negative) and plain
/// row-major order.
public struct StridedLayout: Sendable, Hashable {
  public var shape: [Int]
  /// Distance in elements between neighbours on each axis.
  public var strides: [Int]
  /// Position of the first element.
  public var offset: Int

  public init(shape: [Int], strides: [Int], offset: Int = 0) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// Row-major order.
  public init(contiguous shape: [Int]) {
    self.init(shape: shape, strides: Self.rowMajorStrides(shape))
  }

  /// Strides of row-major order.
  public static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * Swift.max(1, shape[axis + 1])
    }
    return strides
  }

  /// `shape` read as if it were `target`, by ONNX's multidirectional broadcasting; nil if it cannot be.
  public init?(broadcasting shape: [Int], to target: [Int]) {
    guard shape.count <= target.count else { return nil }
    let lead = target.count - shape.count
    let own = Self.rowMajorStrides(shape)
    var strides = [Int](repeating: 0, count: target.count)
    for (axis, extent) in shape.enumerated() {
      if extent == target[lead + axis] {
        strides[lead + axis] = extent == 1 ? 0 : own[axis]
      } else if extent != 1 {
        return nil
      }
    }
    self.init(shape: target, strides: strides)
  }

  /// The layout with its axes reordered: axis i of the result is axis `permutation[i]` of this one.
  public func permuted(_ permutation: [Int]) -> StridedLayout {
    StridedLayout(shape: permutation.map { shape[$0] }, strides: permutation.map { strides[$0] }, offset: offset)
  }

  /// The shape that all of `shapes` broadcast to; nil if they do not.
  public static func broadcast(_ shapes: [[Int]]) -> [Int]? {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, extent) in shape.enumerated() {
        let position = rank - shape.count + axis
        if result[position] == extent || extent == 1 { continue }
        guard result[position] == 1 else { return nil }
        result[position] = extent
      }
    }
    return result
  }

  /// Calls `body` for each innermost row: position of its first element, stride, and length, in row-major order of `shape`.
  ///
  /// A scalar is one row of length 1.
  @inlinable
  public func forEachRow<E: Error>(_ body: (_ start: Int, _ stride: Int, _ count: Int) throws(E) -> Void) throws(E) {
    guard let length = shape.last, let stride = strides.last else { return try body(offset, 1, 1) }
    guard !shape.contains(0) else { return }
    let outer = shape.count - 1
    var index = [Int](repeating: 0, count: outer)
    var start = offset
    while true {
      try body(start, stride, length)
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        start += strides[axis]
        if index[axis] < shape[axis] { break }
        start -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

extension Tensor {
  /// The elements that `layout` visits, in its order, as a new row-major tensor of its shape.
  ///
  /// Works on every type, packed ones and strings included.
  ///
  /// - Throws: `tensor/layout` if the layout leaves this tensor's elements.
  public func gathered(by layout: StridedLayout) throws(Diagnostic) -> Tensor {
    try checkBounds(of: layout)
    if let strings {
      var result: [String] = []
      layout.forEachRow { start, stride, count in
        for step in 0..<count { result.append(strings[start + step * stride]) }
      }
      return try Tensor(strings: result, shape: layout.shape)
    }
    if dtype.isPacked, let codes {
      var result: [UInt8] = []
      layout.forEachRow { start, stride, count in for step in 0..<count { result.append(codes[start + step * stride]) }
      }
      let packed = PackedElements.pack(result, bitWidth: dtype.bitWidth)
      return try Tensor(dtype: dtype, shape: layout.shape) { $0.copyBytes(from: packed) }
    }
    return try Tensor(dtype: dtype, shape: layout.shape) { target in
      withBytes { source in
        switch dtype.bitWidth {
        case 8: copyRows(layout, source.bindMemory(to: UInt8.self), target.bindMemory(to: UInt8.self))
        case 16: copyRows(layout, source.bindMemory(to: UInt16.self), target.bindMemory(to: UInt16.self))
        case 32: copyRows(layout, source.bindMemory(to: UInt32.self), target.bindMemory(to: UInt32.self))
        case 64: copyRows(layout, source.bindMemory(to: UInt64.self), target.bindMemory(to: UInt64.self))
        default: copyRows(layout, source.bindMemory(to: UInt128.self), target.bindMemory(to: UInt128.self))
        }
      }
    }
  }

  private func copyRows<U: BitwiseCopyable>(
    _ layout: StridedLayout, _ source: UnsafeBufferPointer<U>, _ target: UnsafeMutableBufferPointer<U>
  ) {
    var next = 0
    layout.forEachRow { start, stride, count in
      for step in 0..<count { target[next + step] = source[start + step * stride] }
      next += count
    }
  }

  private func checkBounds(of layout: StridedLayout) throws(Diagnostic) {
    guard try Tensor.elementCount(of: layout.shape) > 0 else { return }
    var low = layout.offset
    var high = layout.offset
    for (extent, stride) in zip(layout.shape, layout.strides) {
      if stride < 0 { low += (extent - 1) * stride } else { high += (extent - 1) * stride }
    }
    guard low >= 0, high < elementCount else {
      throw .invalid(
        "tensor/layout", "a view of \(layout.shape) leaves the \(elementCount) elements of \(dtype)\(shape)")
    }
  }
}
