import LatheEquivalence
import Testing

@Suite struct ProportionTests {
  /// Successes, trials, and the ends of Wilson's interval, worked out from the formula with Python.
  static let cases: [(Int, Int, Double, Double)] = [
    (8, 10, 0.4901624715, 0.9433178485), (0, 10, 0, 0.2775327998), (10, 10, 0.7224672002, 1), (1, 3, 0.0614919447, 0.7923403992),
  ]

  @Test(arguments: cases) func theIntervalIsWilsons(_ successes: Int, _ total: Int, _ low: Double, _ high: Double) {
    let interval = Proportion(successes, of: total).interval
    #expect(abs(interval.lowerBound - low) < 1e-6 && abs(interval.upperBound - high) < 1e-6, "\(interval)")
  }

  @Test func withoutTrialsNothingIsKnown() {
    #expect(Proportion().interval == 0...1)
    #expect(Proportion().share == 1)
  }
}
