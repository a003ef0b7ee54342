/// Counts of magnitudes in equal bins from 0 on, whose range doubles when a larger one comes.
///
/// Two neighbouring bins merge into one exactly, so that one pass over the values is enough and their order does not matter.
public struct Histogram: Sendable, Hashable {
  public static let binCount = 2048

  /// Empty before the first values.
  public private(set) var counts: [Int] = []
  /// Where the last bin ends; 0 before the first value that is not 0.
  public private(set) var limit: Float = 0

  public init() {}

  /// Width of a bin.
  public var width: Float { limit / Float(Self.binCount) }

  /// Values counted.
  public var total: Int { counts.reduce(0, +) }

  /// Counts the magnitudes of finite values.
  ///
  /// - Parameter largest: the largest of these magnitudes.
  public mutating func add(_ values: UnsafeBufferPointer<Float>, largest: Float) {
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.binCount) }
    if limit == 0, largest > 0 { limit = Self.powerOfTwo(above: largest) }
    while limit < largest { double() }
    let factor = limit > 0 ? Float(Self.binCount) / limit : 0
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values where value.isFinite { counts[min(Self.binCount - 1, Int(abs(value) * factor))] += 1 }
    }
  }

  private static func powerOfTwo(above value: Float) -> Float {
    let power = Float(sign: .plus, exponent: max(value.exponent, -100), significand: 1)
    return power >= value ? power : power * 2
  }

  private mutating func double() {
    let half = Self.binCount / 2
    for bin in 0..<half { counts[bin] = counts[2 * bin] + counts[2 * bin + 1] }
    for bin in half..<Self.binCount { counts[bin] = 0 }
    limit *= 2
  }
}
