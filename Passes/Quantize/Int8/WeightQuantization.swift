import LatheDiagnostics
import LatheIR
import LatheTensors

/// How weights become INT8 values with a scale for each output.
struct WeightQuantization {
  /// Whether thresholds are those of the least mean squared error rather than the largest magnitudes.
  let clips: Bool
  /// Means of the channels of operands whose layers' biases are to be corrected.
  let means: [ValueID: [Float]]

  /// INT8 values of [inputs, outputs] and their scales, [outputs].
  func quantized(_ weights: Tensor) throws(Diagnostic) -> (codes: Tensor, scales: Tensor) {
    let columns = weights.shape[1]
    var thresholds = [Float](repeating: 0, count: columns)
    weights.withElements(as: Float.self) { values in
      Self.eachRow(values, columns) { row in
        for column in 0..<columns { thresholds[column] = max(thresholds[column], abs(row[column])) }
      }
      if clips { thresholds = Self.clipped(thresholds, values, columns) }
    }
    let scales = thresholds.map { $0 == 0 ? 1 : $0 / 127 }
    let codes = try Tensor(dtype: .int8, shape: weights.shape) { target in
      let codes = target.bindMemory(to: Int8.self)
      weights.withElements(as: Float.self) { values in
        var start = 0
        Self.eachRow(values, columns) { row in
          for column in 0..<columns { codes[start + column] = Int8(Self.level(row[column], scales[column])) }
          start += columns
        }
      }
    }
    return (codes, try Tensor(scales, shape: [columns]))
  }

  /// INT8 values and a scale for each row, a row being what the first axes count.
  ///
  /// - Parameter axes: how many axes count rows.
  func quantizedRows(_ weights: Tensor, axes: Int) throws(Diagnostic) -> (codes: Tensor, scales: Tensor) {
    let rows = weights.shape[..<axes].reduce(1, *)
    let width = rows == 0 ? 0 : weights.elementCount / rows
    let (codes, scales) = try quantized(try Self.transposed(weights, rows, width, as: Float.self))
    return (
      try Self.transposed(codes, width, rows, as: Int8.self).reshaped(to: weights.shape), try scales.reshaped(to: Array(weights.shape[..<axes]))
    )
  }

  private static func transposed<T: TensorElement>(
    _ tensor: Tensor, _ rows: Int, _ columns: Int, as type: T.Type
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: [columns, rows]) { (target: UnsafeMutableBufferPointer<T>) in
      tensor.withElements(as: T.self) { source in
        for row in 0..<rows { for column in 0..<columns { target[column * rows + row] = source[row * columns + column] } }
      }
    }
  }

  @inline(__always)
  private static func level(_ value: Float, _ scale: Float) -> Float {
    min(127, max(-127, (value / scale).rounded(.toNearestOrEven)))
  }

  private static func eachRow(_ values: UnsafeBufferPointer<Float>, _ columns: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
    guard columns > 0 else { return }
    for start in stride(from: 0, to: values.count, by: columns) { body(UnsafeBufferPointer(rebasing: values[start..<start + columns])) }
  }

  /// Of 21 fractions of each column's largest magnitude, the one with the least squared error; of equals, the largest.
  private static func clipped(_ largest: [Float], _ values: UnsafeBufferPointer<Float>, _ columns: Int) -> [Float] {
    var best = largest
    var least = [Float](repeating: .infinity, count: columns)
    for step in 0...20 {
      let thresholds = largest.map { $0 * (1 - 0.02 * Float(step)) }
      let scales = thresholds.map { $0 == 0 ? 1 : $0 / 127 }
      var errors = [Float](repeating: 0, count: columns)
      eachRow(values, columns) { row in
        for column in 0..<columns {
          let error = row[column] - level(row[column], scales[column]) * scales[column]
          errors[column] += error * error
        }
      }
      for column in 0..<columns where errors[column] < least[column] { (best[column], least[column]) = (thresholds[column], errors[column]) }
    }
    return best
  }

  /// For each output, the mean of x·W − x·Ŵ, from the means of x.
  static func lostMeans(_ means: [Float], _ weights: Tensor, _ codes: Tensor, _ scales: Tensor) -> [Float] {
    let columns = weights.shape[1]
    var sums = [Double](repeating: 0, count: columns)
    guard let factors = scales.elements(as: Float.self) else { return [] }
    weights.withElements(as: Float.self) { weights in
      codes.withElements(as: Int8.self) { codes in
        for (row, mean) in means.enumerated() {
          for column in 0..<columns {
            let place = row * columns + column
            sums[column] += Double(mean) * Double(weights[place] - Float(codes[place]) * factors[column])
          }
        }
      }
    }
    return sums.map { Float($0) }
  }
}
