import LatheCalibration
import Testing

@Suite struct CalibratorTests {
  private func statistics(_ batches: [[Float]]) -> ActivationStatistics {
    var statistics = ActivationStatistics()
    for batch in batches { batch.withUnsafeBufferPointer { statistics.add($0) } }
    return statistics
  }

  /// Numbers that are about normal, the same in every run.
  private static func normal(_ count: Int, deviation: Float) -> [Float] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      let sum = (0..<12).reduce(Float(0)) { sum, _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return sum + Float(state >> 40) / Float(1 << 24)
      }
      return (sum - 6) * deviation
    }
  }

  @Test func extremesAreExact() {
    let seen = statistics([[1, -3, 0.5], [2, -0.25]])
    #expect(seen.minimum == -3 && seen.maximum == 2 && seen.batchMaxima == [3, 2])
    #expect(Calibrator.absMax.threshold(seen) == 3)
    #expect(Calibrator.minMax.threshold(seen) == 3)
    #expect(Calibrator.avg.threshold(seen) == 2.5)
  }

  @Test func doublingMergesBinsExactly() {
    let values = Self.normal(4000, deviation: 1)
    var (whole, grown) = (Histogram(), Histogram())
    let largest = values.reduce(Float(0)) { max($0, abs($1)) }
    values.withUnsafeBufferPointer { whole.add($0, largest: largest) }
    for part in [values.filter { abs($0) < 0.1 }, values.filter { abs($0) >= 0.1 && abs($0) < 1 }, values.filter { abs($0) >= 1 }] {
      part.withUnsafeBufferPointer { grown.add($0, largest: part.reduce(0) { max($0, abs($1)) }) }
    }
    #expect(whole == grown && whole.total == 4000)
  }

  @Test(arguments: [Calibrator.hist, .kl, .mse]) func outliersAreClipped(_ calibrator: Calibrator) {
    let calm = statistics([Self.normal(200_000, deviation: 1)])
    let wild = statistics([Self.normal(200_000, deviation: 1) + [40]])
    #expect(calibrator.threshold(calm) <= calm.largest && calibrator.threshold(calm) > 2)
    #expect(calibrator.threshold(wild) < 25 && calibrator.threshold(wild) > 2, "\(calibrator.threshold(wild))")
  }

  @Test func theThresholdOfTheLeastErrorIsBetterThanTheExtreme() {
    let values = Self.normal(50_000, deviation: 1) + [12]
    let seen = statistics([values])
    func error(_ threshold: Float) -> Float {
      let scale = threshold / 127
      return values.reduce(0) { $0 + ($1 - max(-127, min(127, ($1 / scale).rounded())) * scale) * ($1 - max(-127, min(127, ($1 / scale).rounded())) * scale) }
    }
    #expect(error(Calibrator.mse.threshold(seen)) < error(Calibrator.absMax.threshold(seen)))
  }

  @Test func degenerateActivationsSayWhy() {
    #expect(statistics([]).degeneracy != nil)
    #expect(statistics([[0, 0, 0]]).degeneracy?.contains("always 0") == true)
    #expect(statistics([[1, 1]]).degeneracy != nil)
    #expect(statistics([[1, .infinity]]).degeneracy?.contains("infinite") == true)
    #expect(statistics([[1, .nan, 2]]).notFinite == 1)
    #expect(statistics([[1, 2]]).degeneracy == nil)
  }
}
