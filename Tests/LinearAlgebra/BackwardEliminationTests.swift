import LatheLinearAlgebra
import Testing

@Suite struct BackwardEliminationTests {
  private let a: [Double] = (0..<80).map { (index: Int) -> Double in
    let number = (index * 7919 + index * index * 31) % 101
    return Double(number) / 25 - 2
  }
  private let weights: [Double] = [0.5, -1, 0.25, 2, -0.75, 0.125, 1, 0.5]

  private var gram: [Double] {
    (0..<16).map { index in product(index / 4, index % 4) }
  }

  private func product(_ left: Int, _ right: Int) -> Double {
    var sum = 0.0
    for row in 0..<20 { sum += a[row * 4 + left] * a[row * 4 + right] }
    return sum
  }

  /// What a target is at each row.
  private func values(of target: Int) -> [Double] {
    (0..<20).map { row in
      var sum = 0.0
      for column in 0..<4 { sum += a[row * 4 + column] * weights[target * 4 + column] }
      return sum
    }
  }

  /// ‖Y − Ŷ‖² after fitting the targets by some of the features alone.
  private func error(keeping kept: [Int]) throws -> Double {
    let matrix = try #require(PositiveDefiniteMatrix(kept.flatMap { row in kept.map { gram[row * 4 + $0] } }, order: kept.count))
    var total = 0.0
    for target in 0..<2 {
      let y = values(of: target)
      var side: [Double] = []
      for column in kept {
        var sum = 0.0
        for row in 0..<20 { sum += a[row * 4 + column] * y[row] }
        side.append(sum)
      }
      let x = matrix.solution(of: side)
      for row in 0..<20 {
        var missing = y[row]
        for (place, column) in kept.enumerated() { missing -= a[row * 4 + column] * x[place] }
        total += missing * missing
      }
    }
    return total
  }

  @Test func aLossIsWhatAFitWithoutTheFeatureMisses() throws {
    var elimination = BackwardElimination(try #require(PositiveDefiniteMatrix(gram, order: 4)), weights: weights, groups: [[0], [1], [2], [3]])
    for group in 0..<4 {
      #expect(abs(elimination.losses[group] - (try error(keeping: (0..<4).filter { $0 != group }))) < 1e-9)
    }
    let isDone = elimination.remove([2])
    #expect(isDone)
    let before = try error(keeping: [0, 1, 3])
    #expect(abs(elimination.losses[0] - (try error(keeping: [1, 3]) - before)) < 1e-9)
  }

  @Test func groupsGoTogether() throws {
    let elimination = BackwardElimination(try #require(PositiveDefiniteMatrix(gram, order: 4)), weights: weights, groups: [[0, 2], [1, 3]])
    #expect(abs(elimination.losses[0] - (try error(keeping: [1, 3]))) < 1e-9)
    #expect(abs(elimination.losses[1] - (try error(keeping: [0, 2]))) < 1e-9)
  }
}
