import LatheJSON

/// How clearly decisions were made: counts of margins by half octaves from 2⁻¹⁰ to 2⁶.
public struct MarginHistogram: Sendable, Hashable {
  /// The least margin of the second bin; the first holds what is smaller.
  private static let firstExponent = -10
  private static let octaves = 16

  /// The upper edges of all bins but the last, which has none.
  public static let edges: [Double] = (0...2 * octaves).map {
    Double(sign: .plus, exponent: firstExponent + $0 / 2, significand: $0.isMultiple(of: 2) ? 1 : 2.0.squareRoot())
  }

  public private(set) var counts = [Int](repeating: 0, count: edges.count + 1)

  public init() {}

  /// Counts a margin of 0 or more.
  public mutating func add(_ margin: Double) {
    counts[Self.edges.firstIndex { margin < $0 } ?? Self.edges.count] += 1
  }

  /// Counts another's margins as well.
  public mutating func merge(_ next: MarginHistogram) {
    for index in counts.indices { counts[index] += next.counts[index] }
  }

  var json: JSONValue { .array(counts.map { .integer(Int64($0)) }) }
}
