import LatheIR
import LatheOperators
import LatheTensors

/// A constant matrix of which rows are looked up.
struct EmbeddingTable {
  /// One look-up: the node, and which operand of it the table is.
  struct LookUp: Hashable {
    let node: NodeID
    let position: Int
  }

  let value: ValueID
  private(set) var lookUps: [LookUp] = []
  /// Whether all look-ups are by ids rather than by position.
  private(set) var isByIDs = true

  /// Tables in the order in which they are looked up first, those that are no floats among them.
  static func all(in graph: Graph) -> [EmbeddingTable] {
    var tables: [EmbeddingTable] = []
    var indices: [ValueID: Int] = [:]
    for id in graph.order {
      for (position, isByIDs) in places(in: graph[id]) {
        guard let value = graph.input(position, of: id), let tensor = graph.constant(value), tensor.rank == 2 else { continue }
        let index = indices[value] ?? tables.count
        if index == tables.count { tables.append(EmbeddingTable(value: value)) }
        indices[value] = index
        tables[index].lookUps.append(LookUp(node: id, position: position))
        tables[index].isByIDs = tables[index].isByIDs && isByIDs
      }
    }
    return tables
  }

  /// Where a node reads tables, and whether by ids.
  private static func places(in node: Node) -> [(position: Int, isByIDs: Bool)] {
    switch node.op {
    case let op as Gather where op.axis == 0 || op.axis == -2: [(0, true)]
    case is CodedGather: [(0, true)]
    case let op as EmbeddingNormalization: op.sources.enumerated().map { (2 + 2 * $0, $1 == .ids) }
    case let op as QuantizedEmbedding: op.embedding.sources.enumerated().map { (3 + 2 * $0, $1 == .ids) }
    default: []
    }
  }

  func description(_ graph: Graph) -> String {
    "\(graph[value].name) of \(lookUps.first.map { graph.describe($0.node) } ?? "nothing")"
  }

  /// Why it stays as it is, or nil if it can be coded.
  func refusal(_ graph: Graph, _ selection: NodeSelection, minimumRows: Int) -> String? {
    guard let table = graph.constant(value) else { return "it is not constant" }
    if let reason = selection.refusal(of: lookUps.map(\.node), reading: value, in: graph) { return reason }
    switch table.dtype {
    case .float32: break
    case .uint8: return "it is codes already"
    case .int8: return "it is INT8 values already: before quantize/int8, it could become codes of fewer bits"
    default: return "it is \(table.dtype), and codes stand for 32-bit floats"
    }
    guard !table.shape.contains(0) else { return "it is empty" }
    guard table.shape[0] >= minimumRows else { return "it has \(table.shape[0]) rows, fewer than \(minimumRows)" }
    if let reader = otherReader(graph) { return "\(reader) reads it as well" }
    return table.withElements(as: Float.self) { $0.allSatisfy(\.isFinite) } ? nil : "its numbers are not all finite"
  }

  /// What reads it otherwise than row by row.
  private func otherReader(_ graph: Graph) -> String? {
    if graph.isOutput(value) { return "the graph's caller" }
    let reader = graph[value].users.first { user in
      graph[user].captures.contains(value)
        || graph[user].inputs.indices.contains { graph[user].inputs[$0] == value && !lookUps.contains(LookUp(node: user, position: $0)) }
    }
    return reader.map { graph.describe($0) }
  }
}
