import LatheLinearAlgebra
import Testing

@Suite struct BackwardEliminationTests {
  private let a: [Double] = (0..<80).map { Double(($0 * 7919 + $0 * $0 * 31) % 101) / 25 - 2 }
  private let weights: [Double] = [0.5, -1, 0.25, 2, -0.75, 0.125, 1, 0.5]

  private var gram: [Double] {
    (0..<16).map { index in (0..<20).reduce(0.0) { $0 + a[$1 * 4 + index / 4] * a[$1 * 4 + index % 4] } }
  }

  /// ‖Y − Ŷ‖² after fitting the targets by some of the features alone.
  private func error(keeping kept: [Int]) throws -> Double {
    let matrix = try #require(PositiveDefiniteMatrix(kept.flatMap { row in kept.map { gram[row * 4 + $0] } }, order: kept.count))
    var total = 0.0
    for target in 0..<2 {
      let y = (0..<20).map { row in (0..<4).reduce(0.0) { $0 + a[row * 4 + $1] * weights[target * 4 + $1] } }
      let side = kept.map { column in (0..<20).reduce(0.0) { $0 + a[$1 * 4 + column] * y[$1] } }
      let x = matrix.solution(of: side)
      for row in 0..<20 {
        let fitted = zip(kept, x).reduce(0.0) { $0 + a[row * 4 + $1.0] * $1.1 }
        total += (y[row] - fitted) * (y[row] - fitted)
      }
    }
    return total
  }

  @Test func aLossIsWhatAFitWithoutTheFeatureMisses() throws {
    var elimination = BackwardElimination(try #require(PositiveDefiniteMatrix(gram, order: 4)), weights: weights, groups: [[0], [1], [2], [3]])
    for group in 0..<4 {
      #expect(abs(elimination.losses[group] - (try error(keeping: (0..<4).filter { $0 != group }))) < 1e-9)
    }
    elimination.remove([2])
    let before = try error(keeping: [0, 1, 3])
    #expect(abs(elimination.losses[0] - (try error(keeping: [1, 3]) - before)) < 1e-9)
  }

  @Test func groupsGoTogether() throws {
    let elimination = BackwardElimination(try #require(PositiveDefiniteMatrix(gram, order: 4)), weights: weights, groups: [[0, 2], [1, 3]])
    #expect(abs(elimination.losses[0] - (try error(keeping: [1, 3]))) < 1e-9)
    #expect(abs(elimination.losses[1] - (try error(keeping: [0, 2]))) < 1e-9)
  }
}
