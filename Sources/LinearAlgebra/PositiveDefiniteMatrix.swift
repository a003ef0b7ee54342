internal import COpenBLAS

/// A symmetric matrix whose eigenvalues are positive, factored by Cholesky's method (LAPACK's dpotrf).
public struct PositiveDefiniteMatrix: Sendable {
  /// Rows and columns.
  public let order: Int
  /// The factor in the lower triangle, column by column.
  private let factor: [Double]

  /// - Parameter elements: [order, order], of which the upper triangle counts, row by row.
  /// - Returns: nil where the matrix is not positive definite as far as doubles tell.
  public init?(_ elements: [Double], order: Int) {
    guard order > 0, order <= Int(Int32.max), elements.count == order * order else { return nil }
    var (factor, size, status) = (elements, Int32(order), Int32(0))
    dpotrf_("L", &size, &factor, &size, &status, 1)
    guard status == 0 else { return nil }
    (self.order, self.factor) = (order, factor)
  }

  /// The solutions x of A · x = b for several b.
  ///
  /// - Parameter sides: [count, order], each row a b.
  /// - Returns: [count, order], each row an x.
  public func solution(of sides: [Double]) -> [Double] {
    guard !sides.isEmpty, sides.count % order == 0 else { return [] }
    var (x, size, count, status) = (sides, Int32(order), Int32(sides.count / order), Int32(0))
    factor.withUnsafeBufferPointer { dpotrs_("L", &size, &count, $0.baseAddress, &size, &x, &size, &status, 1) }
    return x
  }

  /// The inverse, [order, order].
  public var inverse: [Double] {
    var (result, size, status) = (factor, Int32(order), Int32(0))
    dpotri_("L", &size, &result, &size, &status, 1)
    for column in 0..<order {
      for row in column + 1..<order { result[row * order + column] = result[column * order + row] }
    }
    return result
  }
}
