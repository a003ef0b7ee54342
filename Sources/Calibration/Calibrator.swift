internal import Foundation

/// How a threshold is chosen from what was seen of an activation; the scale of its symmetric INT8 values is the threshold / 127.
///
/// The names are those of PaddleNLP's compression API.
public enum Calibrator: String, Sendable, Hashable, CaseIterable, Codable {
  /// The largest magnitude.
  case absMax = "abs_max"
  /// The larger magnitude of the least and the largest value.
  case minMax = "min_max"
  /// The mean of the batches' largest magnitudes.
  case avg
  /// The magnitude that all but one value in 100,000 are below.
  case hist
  /// The threshold whose quantized histogram diverges least from the original's (Migacz, 2017, "8-bit inference with TensorRT").
  case kl
  /// The fraction of the largest magnitude with the least mean squared error.
  case mse

  /// - Throws: `DecodingError.dataCorrupted` that names all calibrators.
  public init(from decoder: any Decoder) throws {
    let name = try decoder.singleValueContainer().decode(String.self)
    guard let known = Calibrator(rawValue: name) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "\(name) is none of \(Self.allCases.map(\.rawValue).joined(separator: ", "))"))
    }
    self = known
  }

  /// The threshold; positive for what is not degenerate.
  public func threshold(_ statistics: ActivationStatistics) -> Float {
    let largest = statistics.largest
    let threshold =
      switch self {
      case .absMax, .minMax: largest
      case .avg: statistics.batchMaxima.reduce(0, +) / Float(max(1, statistics.batchMaxima.count))
      case .hist: Self.quantile(statistics.histogram, 0.99999)
      case .kl: Self.leastDivergence(statistics.histogram)
      case .mse: Self.leastError(statistics.histogram, largest)
      }
    return threshold > 0 ? min(threshold, largest) : largest
  }

  private static func quantile(_ histogram: Histogram, _ share: Double) -> Float {
    let wanted = share * Double(histogram.total)
    var seen = 0
    for (bin, count) in histogram.counts.enumerated() {
      seen += count
      if Double(seen) >= wanted { return Float(bin + 1) * histogram.width }
    }
    return histogram.limit
  }

  /// Σ count · (x − x̂)² over the bins' middles, for 71 thresholds.
  private static func leastError(_ histogram: Histogram, _ largest: Float) -> Float {
    let middles = histogram.counts.indices.filter { histogram.counts[$0] > 0 }.map { bin in
      (value: (Double(bin) + 0.5) * Double(histogram.width), count: Double(histogram.counts[bin]))
    }
    var best = (threshold: largest, error: Double.infinity)
    for step in 0...70 {
      let threshold = Double(largest) * (0.3 + 0.01 * Double(step))
      let scale = threshold / 127
      let error = middles.reduce(0) { sum, middle in
        let difference = middle.value - min(127, (middle.value / scale).rounded(.toNearestOrEven)) * scale
        return sum + middle.count * difference * difference
      }
      if error <= best.error { best = (Float(threshold), error) }
    }
    return best.threshold
  }

  /// Magnitudes have 128 levels: 0 and those of one sign.
  private static let levels = 128

  private static func leastDivergence(_ histogram: Histogram) -> Float {
    let used = (histogram.counts.lastIndex { $0 > 0 } ?? 0) + 1
    guard used > levels else { return Float(used) * histogram.width }
    let counts = histogram.counts.map { Double($0) }
    var tail = counts[levels...].reduce(0, +)
    var best = (bins: used, divergence: Double.infinity)
    for bins in levels...used {
      let divergence = divergence(Array(counts[..<bins]), tail: tail)
      if divergence < best.divergence { best = (bins, divergence) }
      if bins < counts.count { tail -= counts[bins] }
    }
    return Float(best.bins) * histogram.width
  }

  /// How far the first bins, with what lies behind them merged into the last, are from their own quantization; empty bins are left out of the
  /// levels they are spread from, and smoothed.
  private static func divergence(_ counts: [Double], tail: Double) -> Double {
    var clipped = counts
    clipped[counts.count - 1] += tail
    var spread = [Double](repeating: 0, count: counts.count)
    for level in 0..<levels {
      let range = counts.count * level / levels..<counts.count * (level + 1) / levels
      let filled = range.count { clipped[$0] > 0 }
      guard filled > 0 else { continue }
      let share = range.reduce(0) { $0 + counts[$1] } / Double(filled)
      for bin in range where clipped[bin] > 0 { spread[bin] = share }
    }
    let (total, other) = (clipped.reduce(0, +), spread.reduce(0, +))
    guard total > 0, other > 0 else { return .infinity }
    let smallest = 1e-9
    return zip(clipped, spread).reduce(0) { sum, pair in
      guard pair.0 > 0 else { return sum }
      let (p, q) = (pair.0 / total, max(pair.1 / other, smallest))
      return sum + p * log(p / q)
    }
  }
}
