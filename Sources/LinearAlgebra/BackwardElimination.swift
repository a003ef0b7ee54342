internal import COpenBLAS

/// Features leaving a linear law one group after another, with the law fitted anew each time.
///
/// For targets Y = A·Wᵀ and H = AᵀA, taking the group B of features out and solving for the others costs tr(W_B · ([H⁻¹]_BB)⁻¹ · W_Bᵀ) of ‖Y − Ŷ‖²
/// (Hassibi & Stork 1993, "Second order derivatives for network pruning", in groups).
public struct BackwardElimination: Sendable {
  private let features: Int
  private let targets: Int
  private let groups: [[Int]]
  /// H⁻¹ of the features that are left, zero elsewhere.
  private var inverse: [Double]
  /// [targets, features]; zero for features that are gone.
  private var weights: [Double]
  private var gone: Set<Int> = []

  /// - Parameters:
  ///   - matrix: H, regularized.
  ///   - weights: [targets, features].
  ///   - groups: features that go together.
  public init(_ matrix: PositiveDefiniteMatrix, weights: [Double], groups: [[Int]]) {
    features = matrix.order
    targets = weights.count / max(1, matrix.order)
    inverse = matrix.inverse
    (self.weights, self.groups) = (weights, groups)
  }

  /// What taking each group out next would cost: nothing for groups that are gone, and infinity where rounding leaves no answer.
  public var losses: [Double] {
    var squares = [Double](repeating: 0, count: features)
    for target in 0..<targets {
      for column in 0..<features { squares[column] += weights[target * features + column] * weights[target * features + column] }
    }
    return groups.indices.map { group in
      if gone.contains(group) { return 0 }
      let columns = groups[group]
      guard columns.count == 1, let column = columns.first else { return loss(of: columns) }
      let own = inverse[column * features + column]
      return own > 0 ? squares[column] / own : .infinity
    }
  }

  private func loss(of columns: [Int]) -> Double {
    guard !columns.isEmpty else { return 0 }
    guard let matrix = block(columns) else { return .infinity }
    var loss = 0.0
    for target in 0..<targets {
      let part = columns.map { weights[target * features + $0] }
      for (weight, solved) in zip(part, matrix.solution(of: part)) { loss += weight * solved }
    }
    return loss
  }

  private func block(_ columns: [Int]) -> PositiveDefiniteMatrix? {
    PositiveDefiniteMatrix(columns.flatMap { row in columns.map { inverse[row * features + $0] } }, order: columns.count)
  }

  /// Takes groups out together, and fits the others.
  ///
  /// - Returns: false, with nothing changed, where rounding leaves no answer.
  public mutating func remove(_ leaving: [Int]) -> Bool {
    let columns = leaving.flatMap { groups[$0] }
    if columns.isEmpty {
      gone.formUnion(leaving)
      return true
    }
    guard let matrix = block(columns) else { return false }
    gone.formUnion(leaving)
    let count = columns.count
    // The rows of H⁻¹ that go: [count, features], and for the solver [features, count].
    let rows = columns.flatMap { inverse[$0 * features..<($0 + 1) * features] }
    var sides = [Double](repeating: 0, count: rows.count)
    for row in 0..<count {
      for feature in 0..<features { sides[feature * count + row] = rows[row * features + feature] }
    }
    let solved = matrix.solution(of: sides)
    let part = (0..<targets).flatMap { target in columns.map { weights[target * features + $0] } }
    let (k, b, n) = (Int32(features), Int32(count), Int32(targets))
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, k, k, b, -1, solved, b, rows, k, 1, &inverse, k)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, k, b, -1, part, b, solved, b, 1, &weights, k)
    for column in columns {
      for feature in 0..<features {
        inverse[column * features + feature] = 0
        inverse[feature * features + column] = 0
      }
      for target in 0..<targets { weights[target * features + column] = 0 }
    }
    return true
  }
}
