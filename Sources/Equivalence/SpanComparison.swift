import LatheJSON
import OrderedCollections

/// Compares the answers that scores of starts and ends mark out in texts.
public struct SpanComparison: Sendable {
  /// A sample for which the models give different answers.
  public struct Flip: Sendable, Hashable {
    public var sample: Int
    public var reference: ClosedRange<Int>
    public var candidate: ClosedRange<Int>
    /// By how much the reference preferred its answer over the candidate's.
    public var margin: Double
  }

  /// The longest answer in tokens, as evaluation on SQuAD has it.
  private static let longest = 30

  /// Answers of the same tokens.
  public private(set) var exact = Proportion()
  public private(set) var flips: [Flip] = []
  /// Samples in which a NaN leaves one of the models without an answer.
  public private(set) var undecided = 0
  private var overlapSum = 0.0

  public init() {}

  /// Compares one sample's answers.
  public mutating func add(sample: Int, _ reference: (start: SampleRow, end: SampleRow), _ candidate: (start: SampleRow, end: SampleRow)) {
    guard let one = Self.answer(reference.start.values, reference.end.values), let two = Self.answer(candidate.start.values, candidate.end.values) else {
      undecided += 1
      return exact.add(false)
    }
    exact.add(one == two)
    let common = max(0, min(one.upperBound, two.upperBound) - max(one.lowerBound, two.lowerBound) + 1)
    overlapSum += 2 * Double(common) / Double(one.count + two.count)
    guard one != two, two.upperBound < reference.end.values.count else { return }
    func score(_ span: ClosedRange<Int>) -> Double { reference.start.values[span.lowerBound] + reference.end.values[span.upperBound] }
    flips.append(Flip(sample: sample, reference: one, candidate: two, margin: score(one) - score(two)))
  }

  /// The tokens with the largest sum of scores; nil where there are none, or not a number among them.
  static func answer(_ starts: [Double], _ ends: [Double]) -> ClosedRange<Int>? {
    guard !starts.isEmpty, starts.count == ends.count, !starts.contains(where: \.isNaN), !ends.contains(where: \.isNaN) else { return nil }
    var best: (span: ClosedRange<Int>, score: Double)?
    for start in starts.indices {
      for end in start..<min(ends.count, start + longest) {
        let score = starts[start] + ends[end]
        if let current = best, current.score >= score { continue }
        best = (start...end, score)
      }
    }
    return best?.span
  }

  /// Appends what another comparison saw after this one.
  public mutating func merge(_ next: SpanComparison) {
    exact.merge(next.exact)
    flips += next.flips
    undecided += next.undecided
    overlapSum += next.overlapSum
  }

  /// The flips that the reference was surest of first.
  var clearestFlips: [Flip] { flips.sorted { $0.margin != $1.margin ? $0.margin > $1.margin : $0.sample < $1.sample } }

  func json(kept: Int) -> OrderedDictionary<String, JSONValue> {
    let decided = exact.total - undecided
    return [
      "agreement": exact.json, "undecided": .integer(Int64(undecided)),
      "token_f1": .number(decided == 0 ? 0 : overlapSum / Double(decided)),
      "max_flip_margin": .number(flips.map(\.margin).max() ?? 0),
      "flips": .array(
        clearestFlips.prefix(kept).map {
          [
            "sample": .integer(Int64($0.sample)), "reference": Self.json($0.reference), "candidate": Self.json($0.candidate),
            "margin": .number($0.margin),
          ]
        }),
    ]
  }

  private static func json(_ span: ClosedRange<Int>) -> JSONValue { [.integer(Int64(span.lowerBound)), .integer(Int64(span.upperBound))] }
}
