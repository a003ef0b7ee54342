import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors

/// Rows of floats, padding left out.
struct RegressionRows {
  let values: [Float]
  let width: Int
  var count: Int { width == 0 ? 0 : values.count / width }

  private init(_ values: [Float], width: Int) { (self.values, self.width) = (values, width) }

  /// The rows of a value without those that stand for padding.
  init(_ tensor: Tensor, of value: ValueID, in graph: Graph, _ feed: Feed) throws(Diagnostic) {
    guard let width = tensor.shape.last else {
      throw .invalid("regression/value", "%\(graph[value].name) has no rows", at: Location(value: graph[value].name))
    }
    var tensor = tensor
    // Some exporters lay batch and tokens out as one axis.
    if let lengths = feed.lengths, let padded = feed.paddedLength, tensor.rank == 2, tensor.shape[0] == lengths.count * padded, padded > 1 {
      tensor = try tensor.reshaped(to: [lengths.count, padded, width])
      tensor = try feed.withoutPadding(tensor, of: nil, in: graph)
    } else {
      tensor = try feed.withoutPadding(tensor, of: value, in: graph)
    }
    guard let values = tensor.elements(as: Float.self) else {
      throw .invalid("regression/value", "%\(graph[value].name) is \(tensor.dtype), no 32-bit floats", at: Location(value: graph[value].name))
    }
    self.init(values, width: width)
  }

  func less(_ other: RegressionRows) -> RegressionRows? {
    guard values.count == other.values.count, width == other.width else { return nil }
    return RegressionRows(zip(values, other.values).map { $0 - $1 }, width: width)
  }

  /// How much each row counts: all as much, or by the inverse of what a normalizer varies by.
  func weights(_ normalizer: RegressionRows?) -> [Float] {
    guard let normalizer, normalizer.count == count else { return Array(repeating: 1, count: count) }
    return (0..<count).map { row in
      let values = normalizer.values[row * normalizer.width..<(row + 1) * normalizer.width]
      let mean = values.reduce(0, +) / Float(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)
      return 1 / max(variance, .leastNormalMagnitude)
    }
  }
}
