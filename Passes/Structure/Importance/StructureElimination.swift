import LatheLinearAlgebra

/// Takes the indices of a structure out one after another, each time those whose loss is least to all products behind them together.
struct StructureElimination {
  /// A product behind the structure.
  struct Part {
    fileprivate let site: LinearSite
    fileprivate var elimination: BackwardElimination
    fileprivate let weights: [Double]
    fileprivate let means: [Double]
    /// What the product's results vary by, which losses are shares of.
    fileprivate let energy: Double

    /// - Parameters:
    ///   - weights: [targets, features].
    ///   - groups: features of each index.
    /// - Returns: nil where the features are zero, or nothing was seen.
    init?(_ site: LinearSite, _ equations: NormalEquations, _ weights: [Double], _ groups: [[Int]], _ regularization: Double) {
      let hasIntercept = site.bias != nil
      guard equations.rows > 0, let matrix = equations.regularized(regularization, hasIntercept: hasIntercept) else { return nil }
      elimination = BackwardElimination(matrix, weights: weights, groups: groups)
      let energy = equations.energy(of: weights, hasIntercept: hasIntercept)
      guard energy > 0 else { return nil }
      (self.site, self.weights, self.energy) = (site, weights, energy)
      means = equations.featureSums.map { $0 / equations.mass }
    }

    /// What has changed since no index was gone.
    fileprivate var fit: Ranking.Fit {
      let change = zip(elimination.weights, weights).map { $0 - $1 }
      let (width, targets) = (means.count, change.count / max(1, means.count))
      // The means of the results stay.
      let bias = (0..<targets).map { target in (0..<width).reduce(0) { $0 - change[target * width + $1] * means[$1] } }
      return Ranking.Fit(site: site, weightChange: change, biasChange: bias)
    }
  }

  /// Rounds in which all of a structure would go: of more indices than that, several go in a round.
  private static let rounds = 256

  private let parts: [Part]
  private let extent: Int
  /// Indices that go in turn; the others are ranked by what each would lose then.
  private let depth: Int
  /// Indices that the structure loses where all lose alike.
  private let usual: Int

  init(_ parts: [Part], extent: Int, depth: Int, usual: Int) { (self.parts, self.extent, self.depth, self.usual) = (parts, extent, depth, usual) }

  /// The order of all indices but the last.
  var ranking: Ranking {
    var parts = parts
    var left = Array(0..<extent)
    var steps: [Ranking.Step] = []
    var fits: [Ranking.Fit] = []
    // Once rounding leaves no answer, the rest goes in the order of the losses that are known.
    var isSolvable = true
    while left.count > 1 {
      let shares = parts.map { part in part.elimination.losses.map { $0 / part.energy } }
      let losses = left.map { index in shares.reduce(0) { $0 + $1[index] } }
      var count = steps.count < depth && isSolvable ? max(1, extent / Self.rounds) : .max
      if steps.count < usual { count = min(count, usual - steps.count) }
      let gone = losses.indices.sorted { (losses[$0], left[$0]) < (losses[$1], left[$1]) }.prefix(min(left.count - 1, count))
      steps += gone.map { Ranking.Step(index: left[$0], loss: losses[$0]) }
      let indices = Set(gone.map { left[$0] })
      for part in parts.indices { isSolvable = parts[part].elimination.remove(indices.sorted()) && isSolvable }
      left.removeAll { indices.contains($0) }
      if steps.count == usual, isSolvable { fits = parts.map(\.fit) }
    }
    var ranking = Ranking(steps)
    ranking.fits = fits
    return ranking
  }
}
