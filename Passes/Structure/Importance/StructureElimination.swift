import LatheLinearAlgebra

/// Takes the indices of a structure out one after another, each time those whose loss is least to all products behind them together.
struct StructureElimination {
  /// A product behind the structure.
  struct Part {
    fileprivate var elimination: BackwardElimination
    /// What the product's results vary by, which losses are shares of.
    fileprivate let energy: Double

    /// - Parameters:
    ///   - weights: [targets, features].
    ///   - gains: what each target counts; nil for all alike.
    ///   - groups: features of each index.
    /// - Returns: nil where the features are zero, or nothing was seen.
    init?(
      _ equations: NormalEquations, _ weights: [Double], gains: [Double]?, _ groups: [[Int]], _ regularization: Double, hasIntercept: Bool
    ) {
      guard equations.rows > 0, let matrix = equations.regularized(regularization, hasIntercept: hasIntercept) else { return nil }
      let width = equations.features
      var scaled = weights
      if let gains, gains.count * width == weights.count {
        for index in scaled.indices { scaled[index] *= gains[index / width] }
      }
      energy = equations.energy(of: scaled, hasIntercept: hasIntercept)
      guard energy > 0 else { return nil }
      elimination = BackwardElimination(matrix, weights: scaled, groups: groups)
    }
  }

  /// Rounds in which all of a structure would go: of more indices than that, several go in a round.
  private static let rounds = 256

  private let parts: [Part]
  private let extent: Int
  /// Indices that go in turn; the others are ranked by what each would lose then.
  private let depth: Int

  init(_ parts: [Part], extent: Int, depth: Int) { (self.parts, self.extent, self.depth) = (parts, extent, depth) }

  /// The order of all indices but the last.
  var ranking: Ranking {
    var parts = parts
    var left = Array(0..<extent)
    var steps: [Ranking.Step] = []
    // Once rounding leaves no answer, the rest goes in the order of the losses that are known.
    var isSolvable = true
    while left.count > 1 {
      let shares = parts.map { part in part.elimination.losses.map { $0 / part.energy } }
      let losses = left.map { index in shares.reduce(0) { $0 + $1[index] } }
      let count = steps.count < depth && isSolvable ? min(max(1, extent / Self.rounds), depth - steps.count) : .max
      let gone = losses.indices.sorted { (losses[$0], left[$0]) < (losses[$1], left[$1]) }.prefix(min(left.count - 1, count))
      steps += gone.map { Ranking.Step(index: left[$0], loss: losses[$0]) }
      let indices = Set(gone.map { left[$0] })
      for part in parts.indices { isSolvable = parts[part].elimination.remove(indices.sorted()) && isSolvable }
      left.removeAll { indices.contains($0) }
    }
    return Ranking(steps)
  }
}
