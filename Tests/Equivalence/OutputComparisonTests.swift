import LatheDiagnostics
import LatheEquivalence
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
}
