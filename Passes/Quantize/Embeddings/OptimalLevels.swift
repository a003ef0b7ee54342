/// Levels of the least weighted squared error, one of them exactly zero.
///
/// Numbers in rising order fall into runs, one for each level, and the best level of a run is its mean (Lloyd 1957, Max 1960). The best runs are
/// found by dynamic programming (Bruce 1965); as the best start of the last run never moves back when a number is added, each step divides and
/// conquers. Each sign is solved by itself, from a run around zero outward, for every number of levels; then the levels are shared out between the
/// two.
struct OptimalLevels {
  private let histogram: FineHistogram

  init(_ histogram: FineHistogram) { self.histogram = histogram }

  /// At most `count` levels in rising order.
  func levels(_ count: Int) -> [Float] {
    let (negative, positive) = (OneSidedRuns(histogram.negative, most: count - 1), OneSidedRuns(histogram.positive, most: count - 1))
    var best = (error: Double.infinity, negative: 0)
    for share in 0...min(count - 1, negative.most) {
      let rest = min(count - 1 - share, positive.most)
      let error = negative.errors[share] + positive.errors[rest]
      if error < best.error { best = (error, share) }
    }
    let below = negative.levels(best.negative).map { -$0 }
    let above = positive.levels(min(count - 1 - best.negative, positive.most))
    let all = (below + [0] + above).sorted()
    return all.enumerated().filter { $0 == 0 || all[$0 - 1] < $1 }.map(\.element)
  }
}

/// The best runs of the magnitudes of one sign, for every number of levels beside zero.
private struct OneSidedRuns {
  /// Least errors with 0, 1, 2, … levels.
  private(set) var errors: [Double]
  /// With as many levels there is nothing left to gain.
  var most: Int { errors.count - 1 }

  private var weights: [Double] = [0]
  private var sums: [Double] = [0]
  private var squares: [Double] = [0]
  /// For each number of levels and each end, where the last run begins.
  private var starts: [[Int32]] = []

  init(_ side: FineHistogram.Side, most: Int) {
    for bin in side.weights.indices {
      weights.append(weights[bin] + side.weights[bin])
      sums.append(sums[bin] + side.sums[bin])
      squares.append(squares[bin] + side.squares[bin])
    }
    let bins = side.weights.count
    // Without a level, all become zero.
    var row = squares
    errors = [row[bins]]
    while errors.count <= min(most, bins) {
      let (next, starts) = extended(row, bins)
      self.starts.append(starts)
      errors.append(next[bins])
      row = next
    }
  }

  /// The squared error of the bins from one to before another around their mean.
  private func error(_ start: Int, _ end: Int) -> Double {
    let weight = weights[end] - weights[start]
    guard weight > 0 else { return 0 }
    let sum = sums[end] - sums[start]
    return max(0, squares[end] - squares[start] - sum * sum / weight)
  }

  /// The least errors up to each end with one run more.
  private func extended(_ row: [Double], _ bins: Int) -> ([Double], [Int32]) {
    var next = [Double](repeating: 0, count: bins + 1)
    var starts = [Int32](repeating: 0, count: bins + 1)
    var pending = [(low: 0, high: bins, first: 0, last: bins)]
    while let part = pending.popLast() {
      let middle = (part.low + part.high) / 2
      var best = (error: Double.infinity, start: part.first)
      for start in part.first...max(part.first, min(part.last, middle)) {
        let error = row[start] + error(start, middle)
        if error < best.error { best = (error, start) }
      }
      (next[middle], starts[middle]) = (best.error, Int32(best.start))
      if part.low < middle { pending.append((part.low, middle - 1, part.first, best.start)) }
      if middle < part.high { pending.append((middle + 1, part.high, best.start, part.last)) }
    }
    return (next, starts)
  }

  /// The means of the runs for a number of levels.
  func levels(_ count: Int) -> [Float] {
    var end = weights.count - 1
    var result: [Float] = []
    for step in stride(from: count - 1, through: 0, by: -1) {
      let start = Int(starts[step][end])
      let weight = weights[end] - weights[start]
      if weight > 0 { result.append(Float((sums[end] - sums[start]) / weight)) }
      end = start
    }
    return result
  }
}
