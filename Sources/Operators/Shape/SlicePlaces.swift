import LatheDiagnostics
import LatheIR
import LatheTensors

/// Where the slices that coordinates point at begin in a tensor.
struct SlicePlaces {
  /// First element of each slice.
  let starts: [Int]
  /// Elements of a slice.
  let length: Int

  /// - Precondition: the last axis of `indices` is no longer than the axes of `data` after `batchAxes`.
  /// - Throws: `operator/index` for coordinates outside the data.
  init(_ data: [Int], _ indices: Tensor, batchAxes: Int = 0, _ name: OperatorName) throws(Diagnostic) {
    guard let numbers = indices.integers(), let depth = indices.shape.last else {
      throw name.unsupported(indices.dtype)
    }
    let strides = StridedLayout.rowMajorStrides(data)
    let batchLength = data[batchAxes...].reduce(1, *)
    let count = indices.shape.dropLast().reduce(1, *)
    let batches = indices.shape[..<batchAxes].reduce(1, *)
    length = data[(batchAxes + depth)...].reduce(1, *)
    // Empty slices are nowhere, however many there are.
    guard length > 0 else {
      starts = []
      return
    }
    var starts: [Int] = []
    starts.reserveCapacity(count)
    for slice in 0..<count {
      var start = slice / Swift.max(1, count / Swift.max(1, batches)) * batchLength
      for axis in 0..<depth {
        let (number, extent) = (numbers[slice * depth + axis], data[batchAxes + axis])
        guard number >= -extent, number < extent else {
          throw .invalid("operator/index", "\(name) looks up \(number) on an axis of extent \(extent)")
        }
        start += (number < 0 ? number + extent : number) * strides[batchAxes + axis]
      }
      starts.append(start)
    }
    self.starts = starts
  }
}
