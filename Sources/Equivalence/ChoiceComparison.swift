import LatheJSON
import OrderedCollections

/// Compares what rows of scores choose: a class of a sample or of a token, the next token.
public struct ChoiceComparison: Sendable {
  /// A row for which the models choose differently.
  public struct Flip: Sendable, Hashable {
    public var sample: Int
    /// The token; nil where a sample has one row.
    public var token: Int?
    public var reference: Int
    public var candidate: Int
    /// By how much the reference preferred its choice over the candidate's.
    public var margin: Double
  }

  /// Choices that agree; a row with a NaN agrees with nothing.
  public private(set) var agreement = Proportion()
  /// Rows in which a NaN leaves one of the models without a choice.
  public private(set) var undecided = 0
  public private(set) var flips: [Flip] = []
  /// Samples for which every row agrees.
  public private(set) var samples = Proportion()
  /// Of the reference's first choice before its second, over all rows.
  private var margins = MarginHistogram()
  /// Of the rows that flipped.
  private var flippedMargins = MarginHistogram()
  private var overlapSum = 0.0
  private var overlapRows = 0
  /// How many of the best are compared.
  private var best = 0
  private var labelled = 0
  private var rightAnswers = (reference: 0, candidate: 0)
  /// Agreement of each sample's last row.
  private var lastRows = Proportion()
  private let isByToken: Bool

  /// - Parameter isByToken: whether samples have a row for each token.
  public init(isByToken: Bool) { self.isByToken = isByToken }

  /// Compares one sample's rows.
  public mutating func add(sample: Int, _ reference: SampleRow, _ candidate: SampleRow, label: Int?) {
    var agreesThroughout = true
    for row in 0..<min(reference.count, candidate.count) {
      let agrees = addRow(sample, row, reference[row], candidate[row])
      agreesThroughout = agreesThroughout && agrees
      if isByToken, row == reference.count - 1 { lastRows.add(agrees) }
    }
    samples.add(agreesThroughout)
    guard let label, !isByToken, reference.count == 1 else { return }
    labelled += 1
    rightAnswers.reference += Self.choice(reference[0]) == label ? 1 : 0
    rightAnswers.candidate += Self.choice(candidate[0]) == label ? 1 : 0
  }

  /// What a row chooses; nil where there is a NaN.
  private static func choice(_ row: ArraySlice<Double>) -> Int? { row.contains(where: \.isNaN) ? nil : OutputComparison.largest(row) }

  private mutating func addRow(_ sample: Int, _ row: Int, _ reference: ArraySlice<Double>, _ candidate: ArraySlice<Double>) -> Bool {
    guard reference.count > 1, let chosen = Self.choice(reference), let other = Self.choice(candidate) else {
      undecided += 1
      agreement.add(false)
      return false
    }
    agreement.add(chosen == other)
    let top = reference[reference.startIndex + chosen]
    var second = -Double.infinity
    for (index, value) in reference.enumerated() where index != chosen { second = max(second, value) }
    margins.add(top - second)
    addOverlap(reference, candidate)
    guard chosen != other else { return true }
    flippedMargins.add(top - second)
    flips.append(
      Flip(sample: sample, token: isByToken ? row : nil, reference: chosen, candidate: other, margin: top - reference[reference.startIndex + other]))
    return false
  }

  private mutating func addOverlap(_ reference: ArraySlice<Double>, _ candidate: ArraySlice<Double>) {
    best = min(5, reference.count - 1)
    guard best > 1 else { return }
    let (one, two) = (Self.best(best, of: reference), Self.best(best, of: candidate))
    overlapSum += Double(one.count { two.contains($0) }) / Double(best)
    overlapRows += 1
  }

  /// Places of the largest elements, the first among equals.
  private static func best(_ count: Int, of row: ArraySlice<Double>) -> [Int] {
    var places: [Int] = []
    for index in row.indices {
      if places.count == count, let last = places.last, row[index] <= row[last] { continue }
      places.insert(index, at: places.firstIndex { row[index] > row[$0] } ?? places.count)
      if places.count > count { places.removeLast() }
    }
    return places.map { $0 - row.startIndex }
  }

  /// Appends what another comparison saw after this one.
  public mutating func merge(_ next: ChoiceComparison) {
    agreement.merge(next.agreement)
    samples.merge(next.samples)
    lastRows.merge(next.lastRows)
    margins.merge(next.margins)
    flippedMargins.merge(next.flippedMargins)
    undecided += next.undecided
    flips += next.flips
    overlapSum += next.overlapSum
    overlapRows += next.overlapRows
    best = max(best, next.best)
    labelled += next.labelled
    rightAnswers.reference += next.rightAnswers.reference
    rightAnswers.candidate += next.rightAnswers.candidate
  }

  /// The largest margin among the flips; nil where nothing flipped.
  public var maximumFlipMargin: Double? { flips.map(\.margin).max() }

  /// The flips that the reference was surest of first.
  public var clearestFlips: [Flip] {
    flips.sorted { $0.margin != $1.margin ? $0.margin > $1.margin : ($0.sample, $0.token ?? 0) < ($1.sample, $1.token ?? 0) }
  }

  /// The figures for reports.
  ///
  /// - Parameter kept: flips that are listed one by one.
  func json(isSequence: Bool, kept: Int) -> OrderedDictionary<String, JSONValue> {
    var object: OrderedDictionary<String, JSONValue> = [
      "agreement": agreement.json, "undecided": .integer(Int64(undecided)),
      "max_flip_margin": .number(maximumFlipMargin ?? 0),
    ]
    if isByToken { object["samples_unchanged"] = samples.json }
    if isSequence { object["last_token"] = lastRows.json }
    if overlapRows > 0 { object["top_k"] = ["k": .integer(Int64(best)), "overlap": .number(overlapSum / Double(overlapRows))] }
    if labelled > 0 {
      object["accuracy"] = [
        "reference": Proportion(rightAnswers.reference, of: labelled).json, "candidate": Proportion(rightAnswers.candidate, of: labelled).json,
      ]
    }
    object["margins"] = ["edges": .array(MarginHistogram.edges.map { .number($0) }), "all": margins.json, "flipped": flippedMargins.json]
    object["flip_matrix"] = matrix
    object["flips"] = .array(clearestFlips.prefix(kept).map(\.json))
    return object
  }

  /// `[reference, candidate, count]` for the pairs of choices that flipped most often.
  private var matrix: JSONValue {
    let pairs = Dictionary(grouping: flips) { [$0.reference, $0.candidate] }.mapValues(\.count)
    let ranked = pairs.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key) }
    return .array(ranked.prefix(400).map { .array(($0.key + [$0.value]).map { .integer(Int64($0)) }) })
  }
}

extension ChoiceComparison.Flip {
  fileprivate var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = ["sample": .integer(Int64(sample))]
    if let token { object["token"] = .integer(Int64(token)) }
    object["reference"] = .integer(Int64(reference))
    object["candidate"] = .integer(Int64(candidate))
    object["margin"] = .number(margin)
    return .object(object)
  }
}
