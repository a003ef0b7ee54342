import LatheDiagnostics
import LatheEquivalence
import LatheJSON
import LatheTensors
import Testing

@Suite struct OutputComparisonTests {
  func compare(_ reference: [Float], _ candidate: [Float], shape: [Int]) throws -> OutputComparison {
    var comparison = OutputComparison(name: "y")
    try comparison.add(reference: Tensor(reference, shape: shape), candidate: Tensor(candidate, shape: shape))
    return comparison
  }

  @Test func sameIsSame() throws {
    let same = try compare([1, 2, 3, 4], [1, 2, 3, 4], shape: [2, 2])
    #expect(same.maximumAbsoluteError == 0 && same.agreement == 1 && same.decisions == 2)
    #expect(same.signalToQuantizationNoise == .infinity && abs(same.minimumCosine - 1) < 1e-12)
  }

  @Test func errorsAreMeasured() throws {
    let other = try compare([1, 2, 3, 4], [1, 2.5, 3, 2], shape: [2, 2])
    #expect(other.maximumAbsoluteError == 2)
    #expect(other.meanAbsoluteError == 0.625)
    #expect(other.maximumRelativeError == 0.5)
    #expect(abs(other.signalToQuantizationNoise - 8.489) < 0.01)
    #expect(other.flips == [OutputComparison.Flip(row: 1, reference: 1, candidate: 0, margin: 1)])
    #expect(other.agreement == 0.5)
    #expect(other.minimumCosine < 0.97 && other.meanCosine > other.minimumCosine)
  }

  @Test func mergingIsAddingInOrder() throws {
    var left = try compare([1, 2, 5, 4], [1, 2, 5, 6], shape: [2, 2])
    left.merge(try compare([0, 1], [1, 0], shape: [1, 2]))
    var whole = OutputComparison(name: "y")
    try whole.add(
      reference: Tensor([1, 2, 5, 4, 0, 1] as [Float], shape: [3, 2]),
      candidate: Tensor([1, 2, 5, 6, 1, 0] as [Float], shape: [3, 2]))
    #expect(left.flips == whole.flips && left.flips.map(\.row) == [1, 2])
    #expect(left.rows == 3 && left.elements == 6 && left.agreement == whole.agreement)
    #expect(left.meanAbsoluteError == whole.meanAbsoluteError)
  }

  @Test func whatIsNotANumberCountsUnlessBothAgree() throws {
    let agreeing = try compare([.nan, .infinity, 1], [.nan, .infinity, 1], shape: [1, 3])
    #expect(agreeing.incomparable == 0)
    let differing = try compare([1, .infinity, 1], [.nan, -.infinity, 1], shape: [1, 3])
    #expect(differing.incomparable == 2)
    let report = EquivalenceReport(samples: 1, outputs: [differing], ranks: [2], accuracy: nil, tolerance: .standard)
    #expect(!report.isEquivalent)
  }

  @Test func shapesAndTypesMustAgree() throws {
    var comparison = OutputComparison(name: "y")
    let error = try #require(throws: Diagnostic.self) {
      try comparison.add(
        reference: Tensor([1, 2] as [Float], shape: [2]), candidate: Tensor([1, 2] as [Float], shape: [1, 2]))
    }
    #expect(error.category == .brokenPromise)
  }

  @Test func boundsDecide() throws {
    let comparison = try compare([1, 2, 3, 4], [1, 2.5, 3, 2], shape: [2, 2])
    func isEquivalent(_ change: (inout Tolerance) -> Void) -> Bool {
      var tolerance = Tolerance()
      change(&tolerance)
      return EquivalenceReport(
        samples: 2, outputs: [comparison], ranks: [2], accuracy: .init(labelled: 200, reference: 100, candidate: 99),
        tolerance: tolerance
      ).isEquivalent
    }
    #expect(isEquivalent { $0.maximumAbsoluteError = 2 })
    #expect(!isEquivalent { $0.maximumAbsoluteError = 1.9 })
    #expect(isEquivalent { $0.minimumAgreement = 0.5 })
    #expect(!isEquivalent { $0.minimumAgreement = 0.6 })
    #expect(isEquivalent { $0.minimumAccuracyDelta = -0.5 })
    #expect(!isEquivalent { $0.minimumAccuracyDelta = -0.4 })
    #expect(!isEquivalent { $0.minimumCosine = 0.99 })
  }

  func isEquivalent(_ comparison: OutputComparison, _ tolerance: Tolerance = .standard) -> Bool {
    EquivalenceReport(samples: 1, outputs: [comparison], ranks: [2], accuracy: nil, tolerance: tolerance).isEquivalent
  }

  @Test func singleNumbersAreOneRowAndHaveABoundOnTheirError() throws {
    let numbers = (0..<20).map { Float($0) / 20 }
    func against(_ change: (Float) -> Float, shape: [Int] = [20, 1]) throws -> OutputComparison {
      try compare(numbers, numbers.map(change), shape: shape)
    }
    for shape in [[20, 1], [20]] {
      #expect(try isEquivalent(against({ $0 }, shape: shape)) && isEquivalent(against({ $0 + 0.01 }, shape: shape)))
      #expect(try !isEquivalent(against({ $0 * 2 }, shape: shape)) && !isEquivalent(against({ 1 - $0 }, shape: shape)))
    }
    #expect(try against({ 1 - $0 }).minimumCosine < 0.9, "the cosine of all numbers, not of each")
    // What lies far from 0 is not excused by that.
    let far = numbers.map { 290 + $0 }
    #expect(try !isEquivalent(compare(far, far.map { _ in 290.5 }, shape: [20, 1])))
    #expect(try isEquivalent(compare([0.51, 0.55], [0.515, 0.545], shape: [2, 1])), "the range of two numbers says nothing")
    #expect(try isEquivalent(compare([0.7], [-0.0], shape: [1, 1])) == false)
  }

  @Test func rowsMayHaveLengthsOfTheirOwn() throws {
    var comparison = OutputComparison(name: "start")
    let (one, other) = ([1, 1e-7, 2, 3] as [Float], [1, -1e-7, 2, 3] as [Float])
    try comparison.add(reference: Tensor(one, shape: [4, 1]), candidate: Tensor(other, shape: [4, 1]), rowLengths: [2, 2])
    #expect(comparison.rows == 2 && comparison.minimumCosine > 0.9999 && !comparison.isOfSingleNumbers)
  }

  @Test func whatIsNotANumberHasNoFigures() throws {
    let report = EquivalenceReport(
      samples: 1, outputs: [try compare([.nan, 1, .nan, 1], [.nan, 1, .nan, 1], shape: [2, 2])], ranks: [2], accuracy: nil, tolerance: Tolerance())
    let output = report.json["outputs"]?[0]
    for key in ["max_abs", "mean_abs", "min_cosine", "mean_cosine", "sqnr_db"] { #expect(output?[key]?.isNull == true, "\(key)") }
    let infinite = try compare([.infinity, 1], [1, 1], shape: [1, 2])
    #expect(infinite.minimumCosine == 0 && infinite.unmeasured == 1)
    #expect(try compare([-.infinity, 1], [-.infinity, 1], shape: [1, 2]).unmeasured == 0, "a mask is a mask")
  }

  /// Two samples of an answer or of tags, of which one differs.
  func decisions(_ kind: TaskKind) -> TaskComparison {
    let outputs = kind == .spans ? ["y", "e"] : ["y"]
    var task = TaskComparison(OutputTask(outputs, kind, reason: "test"), labels: [])
    let (one, other) = ([0, 1] as [Double], [1, 0] as [Double])
    for (sample, candidate) in [one, other].enumerated() {
      let width = kind == .classification || kind == .tokenClassification || kind == .sequence ? 2 : 1
      task.add(
        sample: sample, reference: outputs.map { _ in SampleRow(one, width: width) }, candidate: outputs.map { _ in SampleRow(candidate, width: width) },
        label: nil)
    }
    return task
  }

  @Test(arguments: [TaskKind.classification, .tokenClassification, .sequence, .spans, .labels])
  func aBoundOnAgreementHoldsForWhateverDecides(_ kind: TaskKind) throws {
    for (bound, isKept) in [(0.5, true), (0.6, false)] {
      var tolerance = Tolerance()
      tolerance.minimumAgreement = bound
      var report = EquivalenceReport(samples: 2, outputs: [try compare([1], [1], shape: [1, 1])], ranks: [3], accuracy: nil, tolerance: tolerance)
      report.tasks = [decisions(kind)]
      #expect(report.isEquivalent == isKept, "\(kind) \(bound): \(report.violations)")
    }
  }

  @Test func aBoundOnAgreementNeedsADecision() throws {
    var tolerance = Tolerance()
    tolerance.minimumAgreement = 0.1
    for (kind, bounds, isKept) in [(TaskKind.regression, tolerance, false), (.embedding, tolerance, false), (.regression, .standard, true)] {
      var report = EquivalenceReport(samples: 2, outputs: [try compare([1], [1], shape: [1, 1])], ranks: [2], accuracy: nil, tolerance: bounds)
      report.tasks = [TaskComparison(OutputTask(["y"], kind, reason: "test"), labels: [])]
      #expect(report.isEquivalent == isKept, "\(kind): \(report.violations)")
    }
  }
}
