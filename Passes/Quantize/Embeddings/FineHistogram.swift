/// Weighted numbers of either sign in narrow bins: 1024 to the octave, and one for all magnitudes below 2^−12 of the largest.
///
/// Bins are runs of the bits of a float, so that no logarithm says where a number goes.
struct FineHistogram {
  /// Sums over the numbers of each bin that has any, in the order of magnitudes.
  struct Side {
    private(set) var weights: [Double] = []
    private(set) var sums: [Double] = []
    private(set) var squares: [Double] = []

    fileprivate init(_ bins: [(weight: Double, sum: Double, square: Double)]) {
      for bin in bins where bin.weight > 0 {
        weights.append(bin.weight)
        sums.append(bin.sum)
        squares.append(bin.square)
      }
    }
  }

  let negative, positive: Side

  /// - Parameters:
  ///   - values: row after row.
  ///   - weights: of the rows.
  init(_ values: [Float], _ weights: [Double]) {
    let width = weights.isEmpty ? 0 : values.count / weights.count
    let largest = Self.bin(values.reduce(0) { max($0, abs($1)) })
    let first = max(0, largest - 12 * 1024)
    let empty = Array(repeating: (weight: 0.0, sum: 0.0, square: 0.0), count: largest - first + 1)
    var sides = [empty, empty]
    for (row, weight) in weights.enumerated() {
      for value in values[row * width..<(row + 1) * width] where value != 0 {
        let (bin, magnitude) = (max(0, Self.bin(abs(value)) - first), Double(abs(value)))
        let side = value < 0 ? 0 : 1
        sides[side][bin].weight += weight
        sides[side][bin].sum += weight * magnitude
        sides[side][bin].square += weight * magnitude * magnitude
      }
    }
    (negative, positive) = (Side(sides[0]), Side(sides[1]))
  }

  private static func bin(_ magnitude: Float) -> Int { Int(magnitude.bitPattern >> 13) }
}
