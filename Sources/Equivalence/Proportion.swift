import LatheJSON

/// A share of successes, and where the true share lies.
public struct Proportion: Sendable, Hashable {
  public private(set) var successes: Int
  public private(set) var total: Int

  /// - Parameter successes: of `total` trials.
  public init(_ successes: Int = 0, of total: Int = 0) {
    self.successes = successes
    self.total = total
  }

  /// Counts one more trial.
  public mutating func add(_ isSuccess: Bool) {
    total += 1
    successes += isSuccess ? 1 : 0
  }

  /// Counts the trials of another as well.
  public mutating func merge(_ next: Proportion) {
    successes += next.successes
    total += next.total
  }

  /// Successes over trials; 1 if there are none.
  public var share: Double { total == 0 ? 1 : Double(successes) / Double(total) }

  /// Wilson's score interval at 95 % confidence; all of 0 to 1 where there are no trials.
  public var interval: ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    // The normal distribution's quantile at 0.975.
    let z = 1.959963984540054
    let (n, square) = (Double(total), z * z)
    let centre = (share + square / (2 * n)) / (1 + square / n)
    let half = z / (1 + square / n) * (share * (1 - share) / n + square / (4 * n * n)).squareRoot()
    // At the ends the formula gives the end itself, but for rounding.
    let low = successes == 0 ? 0 : max(0, centre - half)
    let high = successes == total ? 1 : min(1, centre + half)
    return low...high
  }

  /// The proportion for reports.
  public var json: JSONValue {
    [
      "successes": .integer(Int64(successes)), "total": .integer(Int64(total)), "share": .number(share),
      "interval": [.number(interval.lowerBound), .number(interval.upperBound)],
    ]
  }
}
