import LatheDiagnostics
import LatheIR
import LatheTensors

/// For each element of a tensor of indices the place in another tensor that has the same coordinates on all axes but
/// one, where the index stands for it.
struct ElementPlaces {
  private let indices: [Int]
  private let layout: StridedLayout
  private let extent: Int
  private let stride: Int

  /// - Throws: `operator/index` for indices outside the axis, and what `check` throws.
  init(_ data: [Int], _ indices: Tensor, axis: Int, _ name: OperatorName) throws(Diagnostic) {
    let known = TensorType(indices.dtype, data.map { .known($0) })
    let axis = try Self.check(known, TensorType(of: indices), axis: axis, name)
    guard let axis, let numbers = indices.integers() else { throw name.unsupported(indices.dtype) }
    extent = data[axis]
    if let outside = numbers.first(where: { [extent] in $0 < -extent || $0 >= extent }) {
      throw .invalid("operator/index", "\(name) looks up \(outside) on an axis of extent \(extent)")
    }
    self.indices = numbers
    var strides = StridedLayout.rowMajorStrides(data)
    stride = strides[axis]
    strides[axis] = 0
    layout = StridedLayout(shape: indices.shape, strides: strides)
  }

  /// Calls `body` with the number of each index and its place, in order.
  func forEach(_ body: (_ number: Int, _ place: Int) -> Void) {
    guard !indices.isEmpty else { return }
    var number = 0
    layout.forEachRow { start, step, count in
      for position in 0..<count {
        let index = indices[number]
        body(number, start + position * step + (index < 0 ? index + extent : index) * stride)
        number += 1
      }
    }
  }

  /// The axis counted from the front, or nil where no rank is known.
  ///
  /// - Throws: `operator/rank`, `operator/axis`, and `operator/shape` for indices that reach beyond the data.
  static func check(
    _ data: TensorType, _ indices: TensorType, axis: Int, _ name: OperatorName
  ) throws(Diagnostic) -> Int? {
    guard let rank = data.rank ?? indices.rank else { return nil }
    guard rank > 0, indices.rank ?? rank == rank else {
      throw .invalid("operator/rank", "\(name) needs one rank of at least 1 for \(data) and its indices \(indices)")
    }
    let axis = try normalized(axis: axis, rank: rank)
    for (position, (extent, count)) in zip(data.shape ?? [], indices.shape ?? []).enumerated() where position != axis {
      if let extent = extent.known, let count = count.known, count > extent {
        throw .invalid("operator/shape", "the indices \(indices) of \(name) reach beyond \(data)")
      }
    }
    return axis
  }
}
