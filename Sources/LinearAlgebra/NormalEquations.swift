internal import COpenBLAS

/// Sums over rows that linear least squares need: how features go together with each other and with targets.
///
/// Rows come in batches and are not kept. Products within a batch are of single precision, sums of batches of double.
public struct NormalEquations: Sendable {
  /// Rows of one tile of a product.
  private static let tile = 128

  public let features: Int
  public private(set) var targets: Int
  /// Rows that were taken in.
  public private(set) var rows = 0
  /// Rows that were left out, since they or others of their batch are infinite or no numbers.
  public private(set) var notFinite = 0
  /// Sums of products of features, [features, features].
  public private(set) var gram: [Double]
  /// Sums of products of targets with features, [targets, features].
  public private(set) var cross: [Double]
  /// Sums of features, [features], and of targets, [targets].
  public private(set) var featureSums: [Double]
  public private(set) var targetSums: [Double]
  /// The sum of the rows' weights.
  public private(set) var mass = 0.0

  public init(features: Int, targets: Int) {
    (self.features, self.targets) = (features, targets)
    gram = Array(repeating: 0, count: features * features)
    cross = Array(repeating: 0, count: targets * features)
    featureSums = Array(repeating: 0, count: features)
    targetSums = Array(repeating: 0, count: targets)
  }

  /// Takes in rows.
  ///
  /// - Parameters:
  ///   - a: [rows, features].
  ///   - y: [rows, targets]; empty where there are no targets.
  ///   - weights: how much each row counts, above 0.
  public mutating func add(_ a: [Float], _ y: [Float], weights: [Float]) {
    let count = weights.count
    guard features > 0, count > 0, a.count == count * features, y.count == count * targets else { return }
    guard a.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite), weights.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      notFinite += count
      return
    }
    rows += count
    mass += weights.reduce(0) { $0 + Double($1) }
    let roots = weights.map { $0.squareRoot() }
    let left = Self.scaled(a, features, roots, sums: &featureSums)
    let right = Self.scaled(y, targets, roots, sums: &targetSums)
    left.withUnsafeBufferPointer { left in
      guard let first = left.baseAddress else { return }
      Self.addProducts(first, features, first, features, count, isSymmetric: true, to: &gram)
      right.withUnsafeBufferPointer { right in
        guard targets > 0, let other = right.baseAddress else { return }
        Self.addProducts(other, targets, first, features, count, isSymmetric: false, to: &cross)
      }
    }
  }

  /// Rows times the roots of their weights; adds the rows times the weights to `sums`.
  private static func scaled(_ values: [Float], _ width: Int, _ roots: [Float], sums: inout [Double]) -> [Float] {
    guard width > 0 else { return [] }
    var result = values
    for (row, root) in roots.enumerated() {
      for column in 0..<width {
        let value = result[row * width + column] * root
        result[row * width + column] = value
        sums[column] += Double(value) * Double(root)
      }
    }
    return result
  }

  /// Adds leftᵀ · right, [m, n], tile by tile of its rows; of a symmetric product, the tiles on and above the diagonal are computed and the
  /// others copied.
  private static func addProducts(
    _ left: UnsafePointer<Float>, _ m: Int, _ right: UnsafePointer<Float>, _ n: Int, _ rows: Int, isSymmetric: Bool,
    to sums: inout [Double]
  ) {
    let tiles = (m + tile - 1) / tile
    sums.withUnsafeMutableBufferPointer { buffer in
      // OpenBLAS without threads of its own does not bear several callers at once.
      for index in 0..<tiles {
        let start = index * tile
        let height = min(tile, m - start)
        let from = isSymmetric ? start : 0
        let width = n - from
        let product = [Float](unsafeUninitializedCapacity: height * width) { products, initialized in
          cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(height), Int32(width), Int32(rows), 1, left + start, Int32(m), right + from,
            Int32(n), 0, products.baseAddress, Int32(width))
          initialized = height * width
        }
        for row in 0..<height {
          for column in 0..<width { buffer[(start + row) * n + from + column] += Double(product[row * width + column]) }
        }
      }
      guard isSymmetric else { return }
      for row in 0..<m {
        for column in 0..<min(row / tile * tile, row) { buffer[row * n + column] = buffer[column * n + row] }
      }
    }
  }
}

extension NormalEquations {
  /// The least-squares solution: targets ≈ features · weights + intercept.
  public struct Solution: Sendable {
    /// [targets, features].
    public let weights: [Double]
    /// One for each target; zeros where none was asked for.
    public let intercept: [Double]
  }

  /// The features' products, around their means if there is an intercept.
  public func covariance(hasIntercept: Bool) -> [Double] {
    guard hasIntercept, mass > 0 else { return gram }
    var result = gram
    for row in 0..<features {
      let mean = featureSums[row] / mass
      for column in 0..<features { result[row * features + column] -= mean * featureSums[column] }
    }
    return result
  }

  /// Solves them with Tikhonov's regularization: (AᵀA + λI)⁻¹ AᵀY.
  ///
  /// - Parameter regularization: λ as a share of the mean of the diagonal of AᵀA.
  /// - Returns: nil where nothing was seen, or no such λ makes the matrix positive definite.
  public func solution(regularization: Double, hasIntercept: Bool) -> Solution? {
    refit(of: Array(repeating: 0, count: targets * features), without: [], share: 1, regularization: regularization, hasIntercept: hasIntercept)
  }

  /// How the weights W of a law change when features are taken from it, the targets being what its results lack.
  ///
  /// With k the features that stay and g those that go: ΔW_k = (H_kk + λI)⁻¹ (H_kg·W_g + share·A_kᵀY), ΔW_g = −W_g. The intercept's change keeps the
  /// mean of the results, and adds the share of the targets' mean.
  ///
  /// - Parameters:
  ///   - weights: [targets, features].
  ///   - gone: features, ascending.
  ///   - share: how much of the targets is made good.
  ///   - regularization: λ as a share of the mean of the diagonal of H = AᵀA.
  /// - Returns: nil where nothing was seen, or no such λ makes the matrix positive definite.
  public func refit(
    of weights: [Double], without gone: [Int], share: Double, regularization: Double, hasIntercept: Bool
  ) -> Solution? {
    guard rows > 0, targets > 0, weights.count == targets * features else { return nil }
    let matrix = covariance(hasIntercept: hasIntercept)
    let leaving = Set(gone)
    let kept = (0..<features).filter { !leaving.contains($0) }
    let width = kept.count
    var part = kept.flatMap { row in kept.map { matrix[row * features + $0] } }
    let lambda = regularization * (0..<features).reduce(0) { $0 + matrix[$1 * features + $1] } / Double(max(1, features))
    for index in 0..<width { part[index * width + index] += lambda }
    guard let factored = PositiveDefiniteMatrix(part, order: width) else { return nil }
    var sides = kept.isEmpty ? [] : share == 0 ? Array(repeating: 0, count: targets * width) : centredCross(kept, hasIntercept).map { $0 * share }
    if !gone.isEmpty {
      let lost = (0..<targets).flatMap { target in gone.map { weights[target * features + $0] } }
      let between = gone.flatMap { row in kept.map { matrix[row * features + $0] } }
      let (m, n, k) = (Int32(targets), Int32(width), Int32(gone.count))
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, lost, k, between, n, 1, &sides, n)
    }
    let solved = factored.solution(of: sides)
    var change = weights.indices.map { leaving.contains($0 % features) ? -weights[$0] : 0 }
    for target in 0..<targets {
      for (place, feature) in kept.enumerated() { change[target * features + feature] = solved[target * width + place] }
    }
    return Solution(weights: change, intercept: intercept(of: change, share, hasIntercept))
  }

  /// How the weights of a law change when features are taken from it and its results are to be as they were.
  public func change(of weights: [Double], without gone: [Int], _ regularization: Double, hasIntercept: Bool) -> Solution? {
    var own = self
    own.targets = weights.count / max(1, features)
    own.cross = Array(repeating: 0, count: weights.count)
    own.targetSums = Array(repeating: 0, count: own.targets)
    return own.refit(of: weights, without: gone, share: 0, regularization: regularization, hasIntercept: hasIntercept)
  }

  /// Products of targets with some features, around their means if there is an intercept: [targets, kept].
  private func centredCross(_ kept: [Int], _ hasIntercept: Bool) -> [Double] {
    (0..<targets).flatMap { target in
      let mean = hasIntercept && mass > 0 ? targetSums[target] / mass : 0
      return kept.map { cross[target * features + $0] - mean * featureSums[$0] }
    }
  }

  private func intercept(of change: [Double], _ share: Double, _ isWanted: Bool) -> [Double] {
    guard isWanted, mass > 0 else { return Array(repeating: 0, count: targets) }
    return (0..<targets).map { target in
      let moved = (0..<features).reduce(0) { $0 + change[target * features + $1] * featureSums[$1] }
      return (share * targetSums[target] - moved) / mass
    }
  }

  /// AᵀA + λI, factored; nil where that is not positive definite.
  public func regularized(_ regularization: Double, hasIntercept: Bool) -> PositiveDefiniteMatrix? {
    var elements = covariance(hasIntercept: hasIntercept)
    let diagonal = (0..<features).map { elements[$0 * features + $0] }
    let lambda = regularization * diagonal.reduce(0, +) / Double(max(1, features))
    for index in 0..<features { elements[index * features + index] += lambda }
    return PositiveDefiniteMatrix(elements, order: features)
  }
}

extension NormalEquations {
  /// The sum of squares of features · weights over the rows, around the means if there is an intercept.
  ///
  /// - Parameter weights: [targets, features].
  public func energy(of weights: [Double], hasIntercept: Bool) -> Double {
    guard features > 0, weights.count % features == 0 else { return 0 }
    let matrix = covariance(hasIntercept: hasIntercept)
    let count = Int32(weights.count / features)
    let width = Int32(features)
    var products = [Double](repeating: 0, count: weights.count)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, count, width, width, 1, weights, width, matrix, width, 0, &products, width)
    return zip(weights, products).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
