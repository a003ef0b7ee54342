import LatheDiagnostics
import LatheIR
import LatheTensors

/// Cuts many parts out of one axis of a tensor; all parts together cost no more than the tensor.
struct AxisCutter {
  private let tensor: Tensor
  private let axis: Int
  /// Codes of a packed type, taken apart once.
  private let codes: [UInt8]?

  /// - Precondition: `axis` is one of the tensor's, counted from the front.
  init(_ tensor: Tensor, axis: Int) {
    self.tensor = tensor
    self.axis = axis
    codes = tensor.dtype.isPacked ? tensor.codes : nil
  }

  /// Entries along the axis.
  var extent: Int { tensor.shape[axis] }

  /// Entries `start..<start + count`, which are inside; a single one may drop the axis.
  func cut(from start: Int, count: Int, dropsAxis: Bool = false) throws(Diagnostic) -> Tensor {
    var shape = tensor.shape
    shape[axis] = count
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let extent = extent
    let isEmpty = shape.contains(0)
    if dropsAxis { shape.remove(at: axis) }
    guard let codes else {
      return try Tensor(dtype: tensor.dtype, shape: shape, copying: [tensor]) { emit in
        guard !isEmpty else { return }
        for row in 0..<outer {
          emit(ElementRun(source: 0, start: (row * extent + start) * inner, count: count * inner))
        }
      }
    }
    var taken: [UInt8] = []
    for row in 0..<(isEmpty ? 0 : outer) {
      let first = (row * extent + start) * inner
      taken += codes[first..<first + count * inner]
    }
    let packed = PackedElements.pack(taken, bitWidth: tensor.dtype.bitWidth)
    return try Tensor(dtype: tensor.dtype, shape: shape) { $0.copyBytes(from: packed) }
  }
}

/// Collects tensors of one shape, to be stacked along a new axis.
struct TensorStack {
  private var parts: [Tensor] = []
  private var byteCount = 0

  mutating func append(_ datum: Datum, limits: ResourceLimits) throws(Diagnostic) {
    let part = try datum.requireTensor()
    if let first = parts.first, first.dtype != part.dtype || first.shape != part.shape {
      throw .invalid(
        "operator/scan-output",
        "an output of every iteration changes from \(first.dtype)\(first.shape) to \(part.dtype)\(part.shape), so it cannot be stacked"
      )
    }
    // A string takes at least the header of its value.
    byteCount += part.dtype == .string ? part.elementCount * 16 + part.byteCount : part.byteCount
    guard byteCount <= limits.tensorBytes else {
      throw limits.exceeded("tensor-bytes", "the outputs of \(parts.count + 1) iterations take \(byteCount) bytes")
    }
    parts.append(part)
  }

  /// The stack; of an output that no iteration gave, `type` tells what is known.
  func stacked(axis: Int, isReversed: Bool = false, type: TensorType?) throws(Diagnostic) -> Tensor {
    guard let first = parts.first else { return try empty(axis, type) }
    let axis = try normalized(axis: axis, rank: first.rank + 1)
    let order = isReversed ? parts.reversed() : parts
    let outer = first.shape[..<axis].reduce(1, *)
    let inner = first.shape[axis...].reduce(1, *)
    let shape = first.shape[..<axis] + [parts.count] + first.shape[axis...]
    return try Tensor(dtype: first.dtype, shape: Array(shape), copying: order) { emit in
      guard first.elementCount > 0 else { return }
      for row in 0..<outer {
        for source in order.indices { emit(ElementRun(source: source, start: row * inner, count: inner)) }
      }
    }
  }

  private func empty(_ axis: Int, _ type: TensorType?) throws(Diagnostic) -> Tensor {
    guard let type else {
      throw .invalid("operator/scan-output", "no iteration was run, and the type of its outputs is not known")
    }
    var shape = (type.shape ?? []).map { $0.known ?? 0 }
    shape.insert(0, at: try normalized(axis: axis, rank: shape.count + 1))
    if type.dtype == .string { return try Tensor(strings: [], shape: shape) }
    return try Tensor(dtype: type.dtype, shape: shape) { _ in }
  }
}
