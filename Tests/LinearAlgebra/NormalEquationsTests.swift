import LatheLinearAlgebra
import Testing

@Suite struct NormalEquationsTests {
  /// Rows of small numbers that repeat nothing, for any width.
  private func values(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { (index: Int) -> Float in
      let number = (index + seed) * 7919 % 1009
      return Float(number - 504) / 256
    }
  }

  private func equations(_ a: [Float], _ y: [Float], _ features: Int, _ targets: Int, batch: Int) -> NormalEquations {
    var result = NormalEquations(features: features, targets: targets)
    let rows = a.count / features
    for start in stride(from: 0, to: rows, by: batch) {
      let end = min(rows, start + batch)
      let weights = Array(repeating: Float(1), count: end - start)
      result.add(Array(a[start * features..<end * features]), Array(y[start * targets..<end * targets]), weights: weights)
    }
    return result
  }

  @Test(arguments: [(1, 1), (3, 2), (130, 5), (257, 130)]) func sumsAreWhatTheyAreCalled(_ features: Int, _ targets: Int) {
    let rows = 40
    let (a, y) = (values(rows * features, 1), values(rows * targets, 5))
    let sums = equations(a, y, features, targets, batch: 16)
    #expect(sums.rows == rows)
    for (i, j) in [(0, 0), (features - 1, 0), (0, features - 1), (features / 2, features / 3)] {
      var (expected, product) = (0.0, 0.0)
      let target = min(i, targets - 1)
      for row in 0..<rows {
        expected += Double(a[row * features + i]) * Double(a[row * features + j])
        product += Double(y[row * targets + target]) * Double(a[row * features + j])
      }
      #expect(abs(sums.gram[i * features + j] - expected) < 1e-3)
      #expect(abs(sums.cross[target * features + j] - product) < 1e-3)
    }
  }

  @Test func theSameRowsGiveTheSameSums() {
    let (a, y) = (values(50 * 300, 3), values(50 * 140, 4))
    let (one, other) = (equations(a, y, 300, 140, batch: 20), equations(a, y, 300, 140, batch: 20))
    #expect(one.gram == other.gram)
    #expect(one.cross == other.cross)
  }

  @Test(arguments: [0.0, 0.5, 1]) func aRefitIsTheLawOfWhatIsLeft(_ share: Double) throws {
    let (rows, kept) = (200, [0, 2])
    let (a, lack) = (values(rows * 4, 2), values(rows, 9))
    let weights = [0.5, -1, 2, 0.25]
    let wanted = (0..<rows).map { row -> Float in
      var sum = share * Double(lack[row])
      for column in 0..<4 { sum += weights[column] * Double(a[row * 4 + column]) }
      return Float(sum)
    }
    let left = (0..<rows).flatMap { row in kept.map { a[row * 4 + $0] } }
    let law = try #require(equations(left, wanted, 2, 1, batch: 64).solution(regularization: 1e-9, hasIntercept: true))
    let change = try #require(
      equations(a, lack, 4, 1, batch: 64).refit(of: weights, without: [1, 3], share: share, regularization: 1e-9, hasIntercept: true))
    for (place, feature) in kept.enumerated() { #expect(abs(weights[feature] + change.weights[feature] - law.weights[place]) < 1e-4) }
    #expect(change.weights[1] == 1)
    #expect(change.weights[3] == -0.25)
    #expect(abs(change.intercept[0] - law.intercept[0]) < 1e-4)
    guard share == 0 else { return }
    let plain = try #require(equations(a, lack, 4, 1, batch: 64).change(of: weights, without: [1, 3], 1e-9, hasIntercept: true))
    #expect(plain.weights == change.weights)
  }

  @Test(arguments: [true, false]) func aLinearLawIsFound(_ hasIntercept: Bool) throws {
    let a = values(200 * 4, 2)
    let (weights, intercept): ([Float], Float) = ([0.5, -1, 2, 0.25], hasIntercept ? 3 : 0)
    let y = (0..<200).map { row -> Float in
      var sum = intercept
      for column in 0..<4 { sum += weights[column] * a[row * 4 + column] }
      return sum
    }
    let solution = try #require(equations(a, y, 4, 1, batch: 64).solution(regularization: 1e-9, hasIntercept: hasIntercept))
    for (found, wanted) in zip(solution.weights, weights) { #expect(abs(found - Double(wanted)) < 1e-4) }
    #expect(abs(solution.intercept[0] - Double(intercept)) < 1e-4)
  }

  @Test(arguments: [true, false]) func aRowOfWeightTwoCountsAsTwoRows(_ hasIntercept: Bool) throws {
    let (a, y) = (values(30, 1), values(10, 9))
    var (weighted, repeated) = (NormalEquations(features: 3, targets: 1), NormalEquations(features: 3, targets: 1))
    weighted.add(a, y, weights: [2] + Array(repeating: 1, count: 9))
    repeated.add(a + a.prefix(3), y + y.prefix(1), weights: Array(repeating: 1, count: 11))
    let one = try #require(weighted.solution(regularization: 0.01, hasIntercept: hasIntercept))
    let other = try #require(repeated.solution(regularization: 0.01, hasIntercept: hasIntercept))
    for (left, right) in zip(one.weights + one.intercept, other.weights + other.intercept) { #expect(abs(left - right) < 1e-5) }
  }

  @Test func aFeatureThatIsAlwaysZeroNeedsRegularization() {
    let a = (0..<60).map { Float($0 % 3 == 2 ? 0 : $0 * 7 % 11) }
    let sums = equations(a, values(20, 1), 3, 1, batch: 20)
    #expect(sums.solution(regularization: 0, hasIntercept: false) == nil)
    #expect(sums.solution(regularization: 1e-6, hasIntercept: false) != nil)
  }

  @Test func batchesThatAreNotFiniteAreLeftOutAndCounted() {
    var a = values(12, 1)
    a[5] = .nan
    let sums = equations(a, values(6, 2), 2, 1, batch: 3)
    #expect(sums.rows == 3)
    #expect(sums.notFinite == 3)
    #expect(sums.gram.reduce(0, +).isFinite)
  }

  @Test func nothingSeenHasNoSolution() {
    #expect(NormalEquations(features: 2, targets: 1).solution(regularization: 1, hasIntercept: true) == nil)
  }

  @Test func theInverseTimesTheMatrixIsOne() throws {
    let elements = [4.0, 1, 0.5, 1, 3, 0.25, 0.5, 0.25, 2]
    let inverse = try #require(PositiveDefiniteMatrix(elements, order: 3)).inverse
    for row in 0..<3 {
      for column in 0..<3 {
        var sum = 0.0
        for index in 0..<3 { sum += elements[row * 3 + index] * inverse[index * 3 + column] }
        #expect(abs(sum - (row == column ? 1 : 0)) < 1e-12)
      }
    }
    #expect(PositiveDefiniteMatrix([1, 2, 2, 1], order: 2) == nil)
  }
}
