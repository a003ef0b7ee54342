import LatheEquivalence
import LatheJSON
import Testing

/// What each kind of task counts, on cases worked out by hand.
@Suite struct TaskComparisonTests {
  static func compare(_ kind: TaskKind, labels: [String] = [], outputs: [String] = ["y"], _ samples: [(reference: [SampleRow], candidate: [SampleRow], label: Int?)]) -> JSONValue {
    var whole = TaskComparison(OutputTask(outputs, kind, reason: "test"), labels: labels)
    for (index, sample) in samples.enumerated() {
      var own = TaskComparison(whole.task, labels: labels)
      own.add(sample: index, reference: sample.reference, candidate: sample.candidate, label: sample.label)
      whole.merge(own)
    }
    whole.finish()
    return whole.json(kept: 10)
  }

  static func row(_ values: [Double], width: Int? = nil) -> SampleRow { SampleRow(values, width: width ?? values.count) }

  @Test func classesFlipWithTheirMargin() {
    let json = Self.compare(
      .classification,
      [
        ([Self.row([1, 3, 2])], [Self.row([1, 3, 2.5])], 1), ([Self.row([1, 3, 2])], [Self.row([4, 3, 2])], 0),
        ([Self.row([.nan, 3, 2])], [Self.row([.nan, 3, 2])], nil),
      ])
    #expect(json["agreement"]?["successes"] == 1 && json["agreement"]?["total"] == 3, "NaN agrees with nothing, itself included")
    #expect(json["undecided"] == 1)
    #expect(json["flips"]?[0]?["sample"] == 1 && json["flips"]?[0]?["reference"] == 1 && json["flips"]?[0]?["candidate"] == 0)
    #expect(json["max_flip_margin"]?.doubleValue == 2)
    #expect(json["flip_matrix"] == [[1, 0, 1]])
    #expect(json["accuracy"]?["reference"]?["successes"] == 1 && json["accuracy"]?["candidate"]?["successes"] == 2)
    #expect(json["top_k"]?["k"] == 2 && json["top_k"]?["overlap"]?.doubleValue == 0.75)
    #expect(json["margins"]?["all"]?.arrayValue?.compactMap(\.intValue).reduce(0, +) == 2)
    #expect(json["margins"]?["flipped"]?.arrayValue?.compactMap(\.intValue).reduce(0, +) == 1)
  }

  /// Rows that choose these labels.
  static func tags(_ chosen: [Int], of count: Int) -> SampleRow {
    SampleRow(chosen.flatMap { choice in (0..<count).map { $0 == choice ? 1.0 : 0 } }, width: count)
  }

  @Test func entitiesAreWhatTheirTagsMarkOut() {
    let labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    // Both have PER at 0–1; LOC at 3 is one token longer to the candidate; its PER at 6 begins without B and counts.
    let json = Self.compare(
      .tokenClassification, labels: labels, [([Self.tags([1, 2, 0, 3, 0, 0, 2], of: 5)], [Self.tags([1, 2, 0, 3, 4, 0, 2], of: 5)], nil)])
    #expect(json["entities"] == ["reference": 3, "candidate": 3, "common": 2, "f1": .number(2.0 / 3)])
    #expect(json["agreement"]?["successes"] == 6 && json["samples_unchanged"]?["successes"] == 0)
    #expect(json["flips"]?[0]?["token"] == 4)
    // A type that changes without B starts another entity; without labels of entities there are none.
    let changed = Self.compare(.tokenClassification, labels: labels, [([Self.tags([1, 4], of: 5)], [Self.tags([1, 2], of: 5)], nil)])
    #expect(changed["entities"]?["reference"] == 2 && changed["entities"]?["candidate"] == 1 && changed["entities"]?["common"] == 0)
    #expect(Self.compare(.tokenClassification, labels: ["a", "b"], [([Self.tags([1], of: 2)], [Self.tags([1], of: 2)], nil)])["entities"] == nil)
  }

  @Test func maskedTokensDoNotCount() {
    let row = SampleRow([1, 0, 0, 1, 1, 0], width: 2).keeping([true, false, true])
    #expect(row.values == [1, 0, 1, 0] && row.count == 2)
  }

  @Test func answersEndWhereTheyStartOrLater() {
    // The best end lies before the best start: 2…2 (2 + 1) is better than 1…2 (0.5 + 1).
    let (start, end) = (Self.row([0, 0.5, 2, 0], width: 1), Self.row([9, 0, 1, 0], width: 1))
    let other = Self.row([0, 0.5, 0, 0], width: 1)
    // From 0…0, which is best with 9, to 0…0 again; then with another end to 2…2 against 1…2.
    let low = Self.row([0, 0, 1, 0], width: 1)
    let json = Self.compare(.spans, outputs: ["s", "e"], [([start, end], [start, end], nil), ([start, low], [other, low], nil)])
    #expect(json["agreement"]?["successes"] == 1 && json["agreement"]?["total"] == 2)
    #expect(json["flips"]?[0]?["reference"] == [2, 2] && json["flips"]?[0]?["candidate"] == [1, 2])
    #expect(json["flips"]?[0]?["margin"]?.doubleValue == 1.5)
    #expect(abs((json["token_f1"]?.doubleValue ?? 0) - (1 + 2.0 / 3) / 2) < 1e-12)
  }

  @Test func vectorsAreComparedByAngleAndNeighbours() {
    func samples(_ turned: [Double]) -> [(reference: [SampleRow], candidate: [SampleRow], label: Int?)] {
      [([Self.row([1, 0])], [Self.row([2, 0])], nil), ([Self.row([0.9, 0.1])], [Self.row(turned)], nil), ([Self.row([0, 1])], [Self.row([0, 1])], nil)]
    }
    let same = Self.compare(.embedding, samples([0.9, 0.1]))
    #expect(abs((same["cosine"]?["min"]?.doubleValue ?? 0) - 1) < 1e-12, "length does not count")
    #expect(same["neighbours"]?["agreement"]?["successes"] == 3 && same["neighbours"]?["max_fall"] == 0)
    let turned = Self.compare(.embedding, samples([0.1, 0.9]))
    #expect(turned["neighbours"]?["max_fall"] == 1)
    #expect((turned["cosine"]?["min"]?.doubleValue ?? 1) < 0.3)
    let tokens = Self.compare(.embedding, [([SampleRow([1, 0, 0, 1], width: 2)], [SampleRow([1, 1], width: 2)], nil)])
    #expect(abs((tokens["cosine"]?["min"]?.doubleValue ?? 0) - 1) < 1e-12, "tokens count by their mean")
    #expect(Self.compare(.embedding, [([Self.row([.nan, 0])], [Self.row([1, 0])], nil)])["undecided"] == 1)
  }

  @Test func numbersAreCompared() {
    let json = Self.compare(
      .regression, [([Self.row([1])], [Self.row([1.5])], nil), ([Self.row([3])], [Self.row([3])], nil), ([Self.row([.infinity])], [Self.row([1])], nil)])
    #expect(json["max_abs"]?.doubleValue == 0.5 && json["max_abs_of_range"]?.doubleValue == 0.25 && json["undecided"] == 1)
    #expect(abs((json["correlation"]?.doubleValue ?? 0) - 1) < 1e-12)
  }

  @Test func samplesOfOtherLengthAreSkippedAndTold() {
    let json = Self.compare(.tokenClassification, [([Self.tags([1, 0], of: 2)], [Self.tags([1], of: 2)], nil)])
    #expect(json["skipped"] == 1 && json["agreement"]?["total"] == 0)
  }

  @Test func wholeNumbersAreComparedExactly() {
    let json = Self.compare(
      .labels, labels: ["a", "b", "c"], [([Self.row([1, 2], width: 1)], [Self.row([1, 0], width: 1)], nil), ([Self.row([2])], [Self.row([2])], nil)])
    #expect(json["agreement"]?["successes"] == 2 && json["agreement"]?["total"] == 3)
    #expect(json["flips"] == [["sample": 0, "token": 1, "reference": 2, "candidate": 0]])
  }
}
