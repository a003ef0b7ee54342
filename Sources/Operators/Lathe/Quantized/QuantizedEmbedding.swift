import LatheDiagnostics
import LatheIR
import LatheTensors

/// EmbeddingNormalization in `CanonicalArithmetic`, to floats and symmetric INT8 values.
///
/// Operands are `y_scale`, which may be left out, and then those of EmbeddingNormalization. Y is floats; with `y_scale`, one number or one for each column, Q is the
/// same as INT8 values.
public struct QuantizedEmbedding: Evaluable {
  public static let schema = OperatorSchema(
    "QuantizedEmbedding", domain: "lathe", since: 1,
    inputs: [.init("y_scale", "S", [.float32], .optional)] + EmbeddingNormalization.schema.inputs,
    outputs: [.init("Y", "S", [.float32], .optional), .init("Q", "", [.int8], .optional)],
    attributes: EmbeddingNormalization.schema.attributes)

  /// What is looked up.
  public var embedding: EmbeddingNormalization

  public init(_ embedding: EmbeddingNormalization) { self.embedding = embedding }

  public init(decoding attributes: Attributes) throws(Diagnostic) { embedding = try EmbeddingNormalization(decoding: attributes) }

  public func encode(into attributes: inout Attributes) { embedding.encode(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let result = try embedding.infer(Array(inputs.dropFirst()))
    for position in [1, 2] { try checkVector(inputs.optional(position), result[0].tensor?.shape?.last) }
    return try inputs.quantizedTypes(result[0].tensor?.shape, scale: 0, name)
  }

  /// Scale and bias are one float of 32 bits for each column.
  private func checkVector(_ operand: Operand?, _ width: Dimension?) throws(Diagnostic) {
    guard let type = try operand?.tensor() else { return }
    guard type.dtype == .float32, type.shape.map({ $0.count == 1 && !$0[0].isProvablyDifferent(from: width ?? .unknown) }) ?? true else {
      throw .invalid("operator/quantized", "\(name): \(type) is not one float of 32 bits for each of \(width ?? .unknown) columns")
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let operands = Array(inputs.dropFirst())
    guard let shape = try infer(inputs.map { $0.map { Operand($0) } })[0].tensor?.knownShape else {
      throw Diagnostic("operator/inconsistent", .internalFault, "\(name) cannot tell the shape of its output")
    }
    let (batch, steps, width) = (shape[0], shape[1], shape[2])
    let sources = try embedding.sources.indices.map { index throws(Diagnostic) in try rows(index, operands, batch, steps, width) }
    let scale = try operands.required(0).elements(as: Float.self) ?? []
    let bias = operands.optional(1)?.elements(as: Float.self)
    var results = QuantizedResults(shape, scale: inputs.optional(0))
    for token in 0..<batch * steps {
      var z = [Float](repeating: 0, count: width)
      for (table, rows) in sources {
        for column in 0..<width { z[column] = table.added(to: z[column], rows[token], column) }
      }
      try results.append(CanonicalArithmetic.normalized(z, scale: scale, bias: bias, epsilon: embedding.epsilon))
    }
    return try results.tensors()
  }

  /// A table, and its row for each token.
  private func rows(
    _ index: Int, _ operands: [Tensor?], _ batch: Int, _ steps: Int, _ width: Int
  ) throws(Diagnostic) -> (QuantizedRows, [Int]) {
    let table = try operands.required(2 + 2 * index)
    let count = table.shape[0]
    var rows: [Int] = []
    let ids = operands.optional(3 + 2 * index)
    let numbers = ids?.integers() ?? []
    for token in 0..<batch * steps {
      var row = embedding.offset + token % max(1, steps)
      if embedding.sources[index] == .ids, let shape = ids?.shape {
        row = numbers[(shape[0] == 1 ? 0 : token / steps) * shape[1] + (shape[1] == 1 ? 0 : token % steps)]
        row = row < 0 ? row + count : row
      }
      guard row >= 0, row < count else {
        throw .invalid("operator/index", "\(name): the row \(row) is asked for of a table of \(count)")
      }
      rows.append(row)
    }
    guard let codebook = embedding.codebook(of: index) else { return (try QuantizedRows(table, scale: nil), rows) }
    let floats = try CodedTable.rows(
      rows, of: table, try operands.required(codebook), operands.optional(codebook + 1), width: width, bits: embedding.bits[index])
    return (try QuantizedRows(floats, scale: nil), Array(rows.indices))
  }
}

extension QuantizedEmbedding: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    let y = try embedding.decompose(Array(inputs.dropFirst()), in: &builder)
    guard let scale = inputs[0] else { return y }
    return y + [try builder.quantized(y[0], by: scale)]
  }
}
