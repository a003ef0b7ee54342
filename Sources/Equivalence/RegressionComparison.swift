import LatheJSON
import OrderedCollections

/// Compares numbers that are answers themselves.
public struct RegressionComparison: Sendable {
  private var errors: [(sample: Int, error: Double)] = []
  private var range: (low: Double, high: Double)?
  /// Numbers that are not finite in one of the models.
  public private(set) var undecided = 0
  private var sums = (x: 0.0, y: 0.0, xx: 0.0, yy: 0.0, xy: 0.0, count: 0.0)

  public init() {}

  /// Compares one sample's numbers.
  public mutating func add(sample: Int, _ reference: SampleRow, _ candidate: SampleRow) {
    var largest: Double?
    for (x, y) in zip(reference.values, candidate.values) {
      guard x.isFinite, y.isFinite else {
        undecided += 1
        continue
      }
      largest = max(largest ?? 0, abs(x - y))
      range = (min(range?.low ?? x, x), max(range?.high ?? x, x))
      sums = (sums.x + x, sums.y + y, sums.xx + x * x, sums.yy + y * y, sums.xy + x * y, sums.count + 1)
    }
    if let largest { errors.append((sample, largest)) }
  }

  /// Appends what another comparison saw after this one.
  public mutating func merge(_ next: RegressionComparison) {
    errors += next.errors
    undecided += next.undecided
    if let other = next.range { range = (min(range?.low ?? other.low, other.low), max(range?.high ?? other.high, other.high)) }
    let (a, b) = (sums, next.sums)
    sums = (a.x + b.x, a.y + b.y, a.xx + b.xx, a.yy + b.yy, a.xy + b.xy, a.count + b.count)
  }

  /// The samples with the largest errors first.
  var worst: [(sample: Int, error: Double)] { errors.sorted { $0.error != $1.error ? $0.error > $1.error : $0.sample < $1.sample } }

  /// Pearson's correlation; nil where one side does not vary.
  var correlation: Double? {
    let n = sums.count
    let (x, y) = (n * sums.xx - sums.x * sums.x, n * sums.yy - sums.y * sums.y)
    guard n > 1, x > 0, y > 0 else { return nil }
    return min(1, max(-1, (n * sums.xy - sums.x * sums.y) / (x * y).squareRoot()))
  }

  var json: OrderedDictionary<String, JSONValue> {
    let largest = worst.first?.error ?? 0
    let span = range.map { $0.high - $0.low } ?? 0
    return [
      "numbers": .integer(Int64(sums.count)), "undecided": .integer(Int64(undecided)), "max_abs": .number(largest),
      "max_abs_of_range": span > 0 ? .number(largest / span) : .null, "correlation": correlation.map { .number($0) } ?? .null,
    ]
  }
}
