import LatheDiagnostics
import LatheTensors

/// Which scale belongs to which element: one for all, one for each index of an axis, or one for each block along an axis.
struct QuantizationGranularity {
  /// Elements that lie one after another, with the scale of the first and the distance of the scales in turn.
  typealias Run = (start: Int, count: Int, scale: Int, scaleStep: Int)

  private enum Kind { case tensor, axis, blocks(size: Int) }

  private let kind: Kind
  private let outer: Int
  private let extent: Int
  private let inner: Int

  /// - Throws: `operator/quantization` if the scales do not fit the shape.
  init(shape: [Int], scale: [Int], axis: Int, blockSize: Int) throws(Diagnostic) {
    try Self.check(
      TensorType(.float32, shape.map { .known($0) }), TensorType(.float32, scale.map { .known($0) }), axis: axis,
      blockSize: blockSize)
    if scale.isEmpty || scale == [1] && blockSize == 0 {
      (kind, outer, extent, inner) = (.tensor, 1, 1, shape.clampedProduct)
      return
    }
    let axis = try Self.normalizedAxis(axis, rank: shape.count)
    outer = shape[..<axis].clampedProduct
    extent = shape[axis]
    inner = shape[(axis + 1)...].clampedProduct
    kind = blockSize == 0 ? .axis : .blocks(size: blockSize)
  }

  /// The axis of a vector is its only one, whatever is said.
  private static func normalizedAxis(_ axis: Int, rank: Int) throws(Diagnostic) -> Int {
    rank == 1 ? 0 : try normalized(axis: axis, rank: rank)
  }

  /// Checks what is known of the shapes.
  ///
  /// - Throws: `operator/quantization` if the scales do not fit, `operator/axis` for an axis outside the tensor.
  static func check(_ type: TensorType, _ scale: TensorType, axis: Int, blockSize: Int) throws(Diagnostic) {
    guard let scales = scale.shape, let shape = type.shape, !scales.isEmpty else { return }
    if blockSize == 0 {
      guard scales.count == 1 else {
        throw misfit(type, scale, "scales of more than one axis need block_size")
      }
      if scales[0] == .known(1) { return }
      guard !shape.isEmpty else { throw misfit(type, scale, "a scalar has one scale") }
      let axis = try normalizedAxis(axis, rank: shape.count)
      // A symbol may turn out to be 1, which is one scale for all.
      guard scales[0].known == nil || !scales[0].isProvablyDifferent(from: shape[axis]) else {
        throw misfit(type, scale, "the axis \(axis) has an extent of \(shape[axis])")
      }
      return
    }
    guard scales.count == shape.count else {
      throw misfit(type, scale, "blocked scales have as many axes as the tensor")
    }
    let axis = try normalizedAxis(axis, rank: shape.count)
    for position in shape.indices {
      let wanted = position == axis ? blocks(shape[axis], blockSize) : shape[position]
      guard !wanted.isProvablyDifferent(from: scales[position]) else {
        throw misfit(type, scale, "blocks of \(blockSize) on the axis \(axis) need an extent of \(wanted) there")
      }
    }
  }

  private static func blocks(_ extent: Dimension, _ size: Int) -> Dimension {
    guard let number = extent.known, number >= 0 else { return .unknown }
    return .known(number / size + (number % size == 0 ? 0 : 1))
  }

  private static func misfit(_ type: TensorType, _ scale: TensorType, _ reason: String) -> Diagnostic {
    .invalid("operator/quantization", "scales of the shape \(scale) do not fit a tensor of \(type): \(reason)")
  }

  /// Calls `body` for runs that cover all elements in order.
  @inline(__always)
  func forEachRun(_ body: (Run) -> Void) {
    guard outer > 0, extent > 0, inner > 0 else { return }
    switch kind {
    case .tensor: body((0, inner, 0, 0))
    case .axis:
      for row in 0..<outer {
        if inner == 1 {
          body((row * extent, extent, 0, 1))
          continue
        }
        for index in 0..<extent { body(((row * extent + index) * inner, inner, index, 0)) }
      }
    case .blocks(let size):
      let blocks = (extent - 1) / size + 1
      for row in 0..<outer {
        for index in 0..<extent {
          body(((row * extent + index) * inner, inner, (row * blocks + index / size) * inner, 1))
        }
      }
    }
  }
}
