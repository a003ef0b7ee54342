import LatheDiagnostics
import LatheIR
import LatheTensors

/// LayerNormalization of the sum of rows looked up in several tables: the front of a transformer.
///
/// Operands are the scale [hidden], the bias [hidden], which may be left out, and then a table [rows, hidden] and its ids for each entry of
/// `sources`. Ids broadcast to [batch, sequence]; the first are real ids, and tell how long the sequence is. The result is
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
      .init("tables_and_ids", "", .floats.union([.int32, .int64]), .variadic),
    ],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["epsilon": .float, "offset": .integer, "sources": .strings])

  /// One for each table.
  public var sources: [Source]
  /// Added to the variance.
  public var epsilon: Float
  /// Row of the first position in tables that are looked up by position.
  public var offset: Int

  public init(sources: [Source], epsilon: Float = 1e-5, offset: Int = 0) {
    self.sources = sources
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
    epsilon = try attributes.float("epsilon", default: 1e-5)
    offset = try attributes.integer("offset", default: 0)
    guard offset >= 0, offset <= 1 << 31 else { throw .invalid("operator/attribute-value", "offset = \(offset) is no row to begin at") }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("sources", sources.map(\.rawValue))
    if epsilon != 1e-5 { attributes.set("epsilon", epsilon) }
    if offset != 0 { attributes.set("offset", offset) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let scale = try inputs.tensor(0)
    guard inputs.count <= 2 + 2 * sources.count else {
      throw misfit("\(sources.count) sources have more than \(sources.count) tables")
    }
    var hidden = scale.shape?.last ?? .unknown
    var tokens: Shape?
    for (index, source) in sources.enumerated() {
      let table = try inputs.tensor(2 + 2 * index)
      guard table.dtype == scale.dtype else { throw misfit("a table of \(table) beside a scale of \(scale)") }
      if let shape = table.shape {
        guard shape.count == 2, !shape[1].isProvablyDifferent(from: hidden) else {
          throw misfit("a table of \(table) does not fit a scale of \(scale)")
        }
        if hidden.known == nil { hidden = shape[1] }
      }
      guard source == .ids else {
        guard inputs.optional(3 + 2 * index) == nil else { throw misfit("table \(index) takes positions, but has ids") }
        continue
      }
      let ids = try inputs.tensor(3 + 2 * index)
      guard ids.dtype.isInteger else { throw misfit("ids of \(ids)") }
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

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    func operand(_ position: Int) throws(Diagnostic) -> ValueID {
      guard position < inputs.count, let value = inputs[position] else { throw misfit("operand \(position) is missing") }
      return value
    }
    let ids = try operand(3)
    var sum = try builder.add(Gather(axis: 0), [try operand(2), ids])
    for (index, source) in sources.enumerated().dropFirst() {
      let table = try operand(2 + 2 * index)
      let rows: ValueID
      switch source {
      case .ids: rows = try builder.add(Gather(axis: 0), [table, try operand(3 + 2 * index)])
      case .positions: rows = try positionRows(of: table, for: ids, in: &builder)
      }
      sum = try builder.add(Add(), [sum, rows])
    }
    let bias = inputs.count > 1 ? inputs[1] : nil
    return [try builder.add(LayerNormalization(epsilon: epsilon), [sum, try operand(0), bias])]
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
      guard let rows = inputs.optional(table)?.type.tensor?.shape?.first else { return nil }
      map.inputs[table] = [map.axis(rows, source == .ids ? .lookedUp(by: ids) : .normalized), hidden]
      guard source == .ids else { continue }
      guard let own = inputs.optional(ids)?.type.tensor?.shape, let axes = map.align(own, to: [batch, steps], of: Array(y[..<2]))
      else { return nil }
      map.inputs[ids] = axes
    }
    map.outputs[0] = [batch, steps, hidden]
    return map
  }
}
