import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

extension GraphAssembly {
  /// The rows of the table called `name` that `ids` say.
  mutating func rows(_ ids: ValueID, _ name: String, count: Int, _ width: Int) throws(Diagnostic) -> ValueID {
    try add(Gather(axis: 0), [try weight(name + ".weight", [count, width]), ids], name)
  }

  /// The first rows of the table of positions, one for each token.
  mutating func positionRows(for ids: ValueID, _ name: String, count: Int, _ width: Int) throws(Diagnostic) -> ValueID {
    let table = try weight(name + ".weight", [count, width])
    let (start, axis) = (try integers("start", [0]), try integers("axis", [0]))
    return try add(Slice(), [table, start, try sequenceLength(of: ids), axis], name)
  }

  /// Rows of the table of positions that count tokens and pass over padding, as RoBERTa does: the first token has `padding` + 1.
  mutating func countedPositionRows(
    for ids: ValueID, padding: Int, _ name: String, count: Int, _ width: Int
  ) throws(Diagnostic) -> ValueID {
    let stem = name + ".ids"
    let pad = try builder.constant("padding_id", try Tensor.scalar(Int64(padding)))
    let isPadding = try add(Equal(), [ids, pad], stem + ".padding")
    let isToken = try add(Cast(to: .int64), [try add(Not(), [isPadding], stem + ".token")], stem + ".counted")
    let axis = try builder.constant("sequence_axis", try Tensor.scalar(Int64(1)))
    let counted = try add(Mul(), [try add(CumSum(), [isToken, axis], stem + ".sums"), isToken], stem + ".places")
    return try rows(try add(Add(), [counted, pad], stem), name, count: count, width)
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
}
