internal import Foundation
import LatheCalibration
import LatheTensors

/// What the channels of an operand may be divided by, and what that does to rounding.
struct Smoothing {
  private let channels: ChannelStatistics
  /// How large each channel's values are: at most with static scales, and with one for each token what most tokens' largest are about.
  private let magnitudes: [Float]
  private let weights: [Tensor]
  /// The largest weight of each channel.
  private let largestWeights: [Float]

  /// - Parameters:
  ///   - weights: of the layers that read the operand, [channels, outputs] each.
  ///   - isStatic: whether all tokens will share a scale.
  init(_ channels: ChannelStatistics, _ weights: [Tensor], isStatic: Bool) {
    self.channels = channels
    magnitudes = isStatic ? channels.largest : zip(channels.largest, channels.meanSquares).map { min($0, 3 * $1.squareRoot()) }
    self.weights = weights
    var largest = [Float](repeating: 0, count: channels.largest.count)
    for tensor in weights {
      Self.eachRow(tensor) { channel, row in largest[channel] = row.reduce(largest[channel]) { max($0, abs($1)) } }
    }
    largestWeights = largest
  }

  /// The divisors of the best strength; nil if the operand is best as it is. A strength that is alone is taken.
  func divisors(_ strengths: [Float]) -> [Float]? {
    guard strengths.count > 1 else { return divisors(strengths[0]) }
    var best: (divisors: [Float]?, error: Double) = (nil, expectedError(channels.largest.map { _ in 1 }))
    for strength in strengths {
      let divisors = divisors(strength)
      let error = expectedError(divisors)
      if error < best.error { best = (divisors, error) }
    }
    return best.divisors
  }

  /// Powers of two; 1 for a channel that is always zero.
  private func divisors(_ strength: Float) -> [Float] {
    zip(magnitudes, largestWeights).map { x, w in
      guard x > 0, w > 0 else { return 1 }
      let power = Double(strength) * log2(Double(x)) - Double(1 - strength) * log2(Double(w))
      return Float(sign: .plus, exponent: Int(min(max(power.rounded(), -16), 16)), significand: 1)
    }
  }

  /// Σ over results of the variance that rounding x / m and m · W to INT8 gives them, up to a factor: errors of x are as large as its scale, those of
  /// W as the scale of its output.
  private func expectedError(_ divisors: [Float]) -> Double {
    let scale = zip(magnitudes, divisors).reduce(Float(0)) { max($0, $1.0 / $1.1) }
    let powers = zip(channels.meanSquares, divisors).reduce(0.0) { $0 + Double($1.0 / ($1.1 * $1.1)) }
    return weights.reduce(0.0) { total, tensor in
      var columns = [Float](repeating: 0, count: tensor.shape[1])
      var squares = 0.0
      Self.eachRow(tensor) { channel, row in
        let divisor = divisors[channel]
        var sum: Float = 0
        for (column, weight) in row.enumerated() {
          let smoothed = weight * divisor
          sum += smoothed * smoothed
          columns[column] = max(columns[column], abs(smoothed))
        }
        squares += Double(sum)
      }
      let weightScales = columns.reduce(0.0) { $0 + Double($1 * $1) }
      return total + Double(scale * scale) * squares + weightScales * powers
    }
  }

  private static func eachRow(_ tensor: Tensor, _ body: (Int, Slice<UnsafeBufferPointer<Float>>) -> Void) {
    let columns = tensor.shape[1]
    tensor.withElements(as: Float.self) { values in
      guard columns > 0 else { return }
      for channel in 0..<tensor.shape[0] { body(channel, values[channel * columns..<(channel + 1) * columns]) }
    }
  }
}
