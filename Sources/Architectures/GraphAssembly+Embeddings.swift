import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

extension GraphAssembly {
  /// The rows of the table called `name` that `ids` say; the one at `silent` is zeros.
  mutating func rows(
    _ ids: ValueID, _ name: String, count: Int, _ width: Int, silent: Int? = nil
  ) throws(Diagnostic) -> ValueID {
    let table = try weight(name + ".weight", [count, width])
    guard let silent, !isZero(silent, of: table) else { return try add(Gather(axis: 0), [table, ids], name) }
    return try add(Gather(axis: 0), [try silenced(silent, of: table, name), ids], name)
  }

  /// The first rows of the table of positions, one for each token.
  mutating func positionRows(for ids: ValueID, _ name: String, count: Int, _ width: Int) throws(Diagnostic) -> ValueID {
    let table = try weight(name + ".weight", [count, width])
    let (start, axis) = (try integers("start", [0]), try integers("axis", [0]))
    return try add(Slice(), [table, start, try sequenceLength(of: ids), axis], name)
  }

  /// Rows of the table of positions that count tokens and pass over padding, as RoBERTa does: the first token has `padding` + 1.
  mutating func countedPositionRows(
    for ids: ValueID, padding: Int, _ name: String, count: Int, _ width: Int, silent: Int? = nil
  ) throws(Diagnostic) -> ValueID {
    let stem = name + ".ids"
    let pad = try builder.constant("padding_id", try Tensor.scalar(Int64(padding)))
    let isPadding = try add(Equal(), [ids, pad], stem + ".padding")
    let isToken = try add(Cast(to: .int64), [try add(Not(), [isPadding], stem + ".token")], stem + ".counted")
    let axis = try builder.constant("sequence_axis", try Tensor.scalar(Int64(1)))
    let counted = try add(Mul(), [try add(CumSum(), [isToken, axis], stem + ".sums"), isToken], stem + ".places")
    return try rows(try add(Add(), [counted, pad], stem), name, count: count, width, silent: silent)
  }

  /// One row of a table, for every token.
  mutating func row(_ index: Int, _ name: String, count: Int, _ width: Int) throws(Diagnostic) -> ValueID {
    let place = try builder.constant(name + ".id", try Tensor([Int64(index)], shape: [1, 1]))
    return try rows(place, name, count: count, width)
  }

  /// The sum of look-ups, from the left.
  mutating func sum(_ terms: [ValueID], _ name: String) throws(Diagnostic) -> ValueID {
    var sum = terms[0]
    for term in terms.dropFirst() { sum = try add(Add(), [sum, term], name + ".sum") }
    return sum
  }

  /// Whether a row of a constant table is zeros already, as it is in models that Paddle trained from the start.
  private func isZero(_ row: Int, of table: ValueID) -> Bool {
    guard let tensor = builder.graph.constant(table), tensor.shape.count == 2, row < tensor.shape[0] else {
      return true
    }
    let width = tensor.shape[1]
    return tensor.withElements(as: Float.self) { $0[row * width..<(row + 1) * width].allSatisfy { $0 == 0 } }
  }

  /// A copy of the table with zeros in one row; the original stays for who computes with it otherwise.
  private mutating func silenced(_ row: Int, of table: ValueID, _ name: String) throws(Diagnostic) -> ValueID {
    guard let tensor = builder.graph.constant(table) else { return table }
    let width = tensor.shape[1]
    let copy = try Tensor(of: Float.self, shape: tensor.shape) { (target: UnsafeMutableBufferPointer<Float>) in
      tensor.withElements(as: Float.self) { _ = target.update(fromContentsOf: $0) }
      for index in row * width..<(row + 1) * width { target[index] = 0 }
    }
    return try builder.constant(name + ".silenced", copy)
  }
}
