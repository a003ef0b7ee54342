internal import Foundation

/// What the scores of one row become; the raw value is ONNX's.
public enum ScoreTransform: Int, Sendable, Hashable {
  case none, softmax, logistic
  /// Softmax of the scores other than 0, which stay 0.
  case softmaxOfNonzero
  /// The inverse of the normal distribution's cumulative function.
  case probit

  func applied(to scores: [Double]) -> [Double] {
    switch self {
    case .none: return scores
    case .logistic: return scores.map { 1 / (1 + exp(-$0)) }
    case .probit: return scores.map(Self.probit)
    case .softmax:
      var result = scores
      if !result.isEmpty { Softmax.normalize(&result) }
      return result
    case .softmaxOfNonzero:
      var chosen = scores.filter { $0 != 0 }
      guard !chosen.isEmpty else { return scores }
      Softmax.normalize(&chosen)
      var rest = chosen[...]
      return scores.map { $0 == 0 ? 0 : rest.popFirst() ?? 0 }
    }
  }

  /// By bisection of the cumulative function, which is exact to the last bits and needs no table.
  private static func probit(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else {
      return probability == 0 ? -.infinity : probability == 1 ? .infinity : .nan
    }
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(-middle * 0.5.squareRoot()) / 2 < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
