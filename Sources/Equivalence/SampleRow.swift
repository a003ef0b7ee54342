/// One sample's part of an output: a row of `width` numbers, or one for each token that is not padding.
public struct SampleRow: Sendable {
  public let values: [Double]
  public let width: Int

  /// - Parameter width: at least 1; the values are whole rows of it.
  public init(_ values: [Double], width: Int) {
    self.values = values
    self.width = max(1, width)
  }

  /// Number of rows.
  public var count: Int { values.count / width }

  /// The numbers of one row.
  public subscript(row: Int) -> ArraySlice<Double> { values[row * width..<(row + 1) * width] }

  /// The mean of the rows; nil where there are none, or not a number among them.
  var mean: [Double]? {
    guard count > 0 else { return nil }
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for (column, value) in self[row].enumerated() { sums[column] += value }
    }
    guard sums.allSatisfy({ $0.isFinite }) else { return nil }
    return sums.map { $0 / Double(count) }
  }

  /// The rows for which `mask` is true; all where it has another length.
  public func keeping(_ mask: [Bool]) -> SampleRow {
    guard mask.count == count, mask.contains(false) else { return self }
    return SampleRow(mask.indices.filter { mask[$0] }.flatMap { Array(self[$0]) }, width: width)
  }
}
