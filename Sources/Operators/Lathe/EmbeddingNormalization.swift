import LatheDiagnostics
import LatheIR
import LatheTensors

/// LayerNormalization of the sum of rows looked up in several tables: the front of a transformer.
///
/// Operands are the scale [hidden], the bias [hidden], which may be left out, and then a table [rows, hidden] and its ids for each entry of
/// `sources`. Ids broadcast to [batch, sequence]; the first are real ids, and tell how long the sequence is. A table for which `bits` are told is a
/// `CodedTable`; behind all tables and ids come the codebook and the scales, which may be left out, of each of those. The result is
/// [batch, sequence, hidden]; sums are taken in the order of the tables.
public struct EmbeddingNormalization: DefinedByDecomposition {
  /// Where the row numbers of a table come from.
  public enum Source: String, Sendable, Hashable, CaseIterable {
    /// From the operand behind the table.
    case ids
    /// 0, 1, 2, … along the sequence; the operand behind the table is left out.
    case positions
  }

  public static let schema = OperatorSchema(
    "EmbeddingNormalization", domain: "lathe", since: 1,
    inputs: [
      .init("scale", "T", .floats), .init("bias", "T", .floats, .optional),
      .init("tables_and_ids", "", .floats.union([.int32, .int64, .uint8]), .variadic),
    ],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["bits": .integers, "epsilon": .float, "offset": .integer, "sources": .strings])

  /// One for each table.
  public var sources: [Source]
  /// Of the codes of each table; 0 for one of floats.
  public var bits: [Int]
  /// Added to the variance.
  public var epsilon: Float
  /// Row of the first position in tables that are looked up by position.
  public var offset: Int

  public init(sources: [Source], bits: [Int]? = nil, epsilon: Float = 1e-5, offset: Int = 0) {
    self.sources = sources
    self.bits = bits ?? sources.map { _ in 0 }
    self.epsilon = epsilon
    self.offset = offset
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    let names = try Attributes.required("sources", try attributes.strings("sources"))
    sources = []
    for name in names {
      guard let source = Source(rawValue: name) else {
        throw .invalid("operator/attribute-value", "\"\(name)\" in sources is neither ids nor positions")
      }
      sources.append(source)
    }
    guard sources.first == .ids else {
      throw .invalid("operator/attribute-value", "the first of sources should be ids")
    }
    bits = try attributes.integers("bits") ?? sources.map { _ in 0 }
    guard bits.count == sources.count, bits.allSatisfy({ $0 == 0 || CodedTable.allowedBits.contains($0) }) else {
      throw .invalid(
        "operator/attribute-value", "bits = \(bits) is not one of 0, 4, 5, 6 and 8 for each of \(sources.count) sources")
    }
    epsilon = try attributes.float("epsilon", default: 1e-5)
    offset = try attributes.integer("offset", default: 0)
    guard offset >= 0, offset <= 1 << 31 else { throw .invalid("operator/attribute-value", "offset = \(offset) is no row to begin at") }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("sources", sources.map(\.rawValue))
    if bits.contains(where: { $0 != 0 }) { attributes.set("bits", bits) }
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
    if offset != 0 { attributes.set("offset", offset) }
  }

  /// Where the codebook of a table stands among the operands, with its scales behind it; nil for a table of floats.
  public func codebook(of index: Int) -> Int? {
    bits[index] == 0 ? nil : 2 + 2 * sources.count + 2 * bits[..<index].count { $0 != 0 }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let scale = try inputs.tensor(0)
    guard inputs.count <= 2 + 2 * sources.count + 2 * bits.count(where: { $0 != 0 }) else {
      throw misfit("there are more operands than those of \(sources.count) tables")
    }
    var hidden = scale.shape?.last ?? .unknown
    var tokens: Shape?
    for (index, source) in sources.enumerated() {
      hidden = try width(of: index, hidden, inputs)
      guard source == .ids else {
        guard inputs.optional(3 + 2 * index) == nil else { throw misfit("table \(index) takes positions, but has ids") }
        try checkPositions(try inputs.tensor(2 + 2 * index).shape?.first, tokens?.last)
        continue
      }
      let ids = try inputs.tensor(3 + 2 * index)
      guard ids.dtype == .int32 || ids.dtype == .int64 else { throw misfit("ids of \(ids)") }
      guard index > 0 else {
        if let rank = ids.rank, rank != 2 { throw misfit("ids should have 2 axes, but are \(ids)") }
        tokens = ids.shape
        continue
      }
      guard let own = ids.shape, let tokens else { continue }
      guard own.count == 2, !zip(own, tokens).contains(where: { $0 != 1 && $0.isProvablyDifferent(from: $1) }) else {
        throw misfit("ids of \(ids) do not fit those of the first table")
      }
    }
    return [.tensor(TensorType(scale.dtype, (tokens ?? [.unknown, .unknown]) + [hidden]))]
  }

  /// - Throws: `operator/positions` for more tokens than there are positions.
  private func checkPositions(_ rows: Dimension?, _ tokens: Dimension?) throws(Diagnostic) {
    guard let rows = rows?.known, let tokens = tokens?.known, tokens > max(0, rows - offset) else { return }
    throw .invalid(
      "operator/positions", "\(tokens) positions are asked for, but the model has \(max(0, rows - offset))",
      fix: "give at most \(max(0, rows - offset)) tokens (--max-length for texts)")
  }

  /// How many values a row of a table has, as far as its operands and what is known so far tell.
  private func width(of index: Int, _ hidden: Dimension, _ inputs: [Operand?]) throws(Diagnostic) -> Dimension {
    let (table, scale) = (try inputs.tensor(2 + 2 * index), try inputs.tensor(0))
    if let codebook = codebook(of: index) {
      let values = try inputs.tensor(codebook)
      guard values.dtype == scale.dtype else { throw misfit("a codebook of \(values) beside a scale of \(scale)") }
      try CodedTable.check(
        codes: table, codebook: values, scales: try inputs.optional(codebook + 1)?.tensor(), width: hidden, bits: bits[index], name)
      return hidden.known == nil && bits[index] == 8 ? table.shape?[1] ?? hidden : hidden
    }
    guard table.dtype == scale.dtype else { throw misfit("a table of \(table) beside a scale of \(scale)") }
    guard let shape = table.shape else { return hidden }
    guard shape.count == 2, !shape[1].isProvablyDifferent(from: hidden) else {
      throw misfit("a table of \(table) does not fit a scale of \(scale)")
    }
    return hidden.known == nil ? shape[1] : hidden
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    var sum = try rows(0, inputs, in: &builder)
    for index in sources.indices.dropFirst() { sum = try builder.add(Add(), [sum, try rows(index, inputs, in: &builder)]) }
    let bias = inputs.count > 1 ? inputs[1] : nil
    return [try builder.add(LayerNormalization(epsilon: epsilon), [sum, try operand(0, inputs), bias])]
  }

  /// The rows of a table that its ids or positions name, as floats.
  private func rows(_ index: Int, _ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> ValueID {
    let rows = try look(up: try operand(2 + 2 * index, inputs), index, inputs, in: &builder)
    guard let codebook = codebook(of: index) else { return rows }
    let scales = codebook + 1 < inputs.count ? inputs[codebook + 1] : nil
    let factors = try scales.map { (scales) throws(Diagnostic) in try look(up: scales, index, inputs, in: &builder) }
    let width = builder.graph[try operand(0, inputs)].type?.tensor?.shape?.last?.known
    return try builder.decoded(rows, try operand(codebook, inputs), factors, width: width, bits: bits[index])
  }

  /// What a table, or its scales, have in the rows that its ids or positions name.
  private func look(
    up table: ValueID, _ index: Int, _ inputs: [ValueID?], in builder: inout GraphBuilder
  ) throws(Diagnostic) -> ValueID {
    switch sources[index] {
    case .ids: try builder.add(Gather(axis: 0), [table, try operand(3 + 2 * index, inputs)])
    case .positions: try positionRows(of: table, for: try operand(3, inputs), in: &builder)
    }
  }

  private func operand(_ position: Int, _ inputs: [ValueID?]) throws(Diagnostic) -> ValueID {
    guard position < inputs.count, let value = inputs[position] else { throw misfit("operand \(position) is missing") }
    return value
  }

  /// Rows `offset` up to `offset` + sequence of a table.
  private func positionRows(
    of table: ValueID, for ids: ValueID, in builder: inout GraphBuilder
  ) throws(Diagnostic) -> ValueID {
    var end = try builder.add(
      Gather(axis: 0), [try builder.add(ShapeOperator(), [ids]), try builder.integers("axis", [1])])
    let start = try builder.integers("offset", [offset])
    if offset != 0 { end = try builder.add(Add(), [end, start]) }
    return try builder.add(Slice(), [table, start, end, try builder.integers("axes", [0])])
  }

  private func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/embedding-normalization", "EmbeddingNormalization: \(message)")
  }
}

extension EmbeddingNormalization: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let y = outputs.first?.shape else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let isCounted = sources.contains(.positions)
    let (batch, steps) = (map.axis(y[0]), map.axis(y[1], isCounted ? .normalized : .carried))
    let hidden = map.axis(y[2], .normalized)
    map.inputs[0] = [hidden]
    if inputs.optional(1) != nil { map.inputs[1] = [hidden] }
    for (index, source) in sources.enumerated() {
      let (table, ids) = (2 + 2 * index, 3 + 2 * index)
      guard let shape = inputs.optional(table)?.type.tensor?.shape else { return nil }
      let rows = map.axis(shape[0], source == .ids ? .lookedUp(by: ids) : .normalized)
      map.inputs[table] = [rows, bits[index] == 0 || bits[index] == 8 ? hidden : map.axis(shape[1], .normalized)]
      if let codebook = codebook(of: index) {
        map.inputs[codebook] = [map.axis(.known(1 << bits[index]), .normalized)]
        if inputs.optional(codebook + 1) != nil { map.inputs[codebook + 1] = [rows] }
      }
      guard source == .ids else { continue }
      guard let own = inputs.optional(ids)?.type.tensor?.shape, let axes = map.align(own, to: [batch, steps], of: Array(y[..<2]))
      else { return nil }
      map.inputs[ids] = axes
    }
    map.outputs[0] = [batch, steps, hidden]
    return map
  }
}
