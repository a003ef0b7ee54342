import LatheTensors

/// The samples that RoiAlign takes of one region.
struct RegionGrid {
  struct Axis {
    var start: Double
    var binSize: Double
    /// Samples of each bin.
    var samples: Int
    /// Elements of the feature map.
    var extent: Int

    /// Two neighbours of a sample and how near it is to the second one; nil if it lies outside.
    func neighbours(bin: Int, sample: Int) -> (low: Int, high: Int, ratio: Double)? {
      let place = start + Double(bin) * binSize + (Double(sample) + 0.5) * binSize / Double(samples)
      guard place >= -1, place <= Double(extent) else { return nil }
      let inside = Swift.max(place, 0)
      let low = Int(inside)
      guard low < extent - 1 else { return (extent - 1, extent - 1, 0) }
      return (low, low + 1, inside - Double(low))
    }
  }

  var rows: Axis
  var columns: Axis

  /// One bin of one channel; 0 if it has no samples.
  func pooled<T: FloatElement>(
    _ image: UnsafeBufferPointer<T>, row: Int, column: Int, _ mode: RoiAlign.Mode
  ) -> Double {
    var sum = 0.0
    var largest = -Double.infinity
    for y in 0..<rows.samples {
      let vertical = rows.neighbours(bin: row, sample: y)
      for x in 0..<columns.samples {
        guard let vertical, let horizontal = columns.neighbours(bin: column, sample: x) else {
          largest = Swift.max(largest, 0)
          continue
        }
        for (line, near) in [(vertical.low, 1 - vertical.ratio), (vertical.high, vertical.ratio)] {
          let first = near * (1 - horizontal.ratio) * image[line * columns.extent + horizontal.low].wide
          let second = near * horizontal.ratio * image[line * columns.extent + horizontal.high].wide
          sum += first + second
          largest = Swift.max(largest, Swift.max(first, second))
        }
      }
    }
    let count = rows.samples * columns.samples
    guard count > 0 else { return 0 }
    return mode == .average ? sum / Double(count) : largest
  }
}
