import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Where the numbers of an input of ids go in a graph.
struct IDFlow {
  /// A table whose rows the ids pick.
  struct LookUp {
    let node: NodeID
    /// Position of the table among the node's operands.
    let position: Int
    let table: ValueID
    let rows: Int
  }

  /// The graph's input.
  let input: ValueID
  private(set) var lookUps: [LookUp] = []
  /// Constants that the ids are compared with.
  private(set) var compared: [ValueID] = []
  /// Why the ids cannot be given other numbers, or nil if they can.
  private(set) var obstacle: String?
  /// The input, and what is the same ids in another form.
  private(set) var values: Set<ValueID>

  init(of input: ValueID, in graph: Graph) {
    self.input = input
    values = [input]
    if graph.isOutput(input) { obstacle = "%\(graph[input].name) is an output as well" }
    var pending = [input]
    while let value = pending.popLast() {
      for user in graph[value].users {
        for result in follow(value, into: user, graph) where values.insert(result).inserted {
          if graph.isOutput(result) { obstacle = obstacle ?? "the ids go out as %\(graph[result].name)" }
          pending.append(result)
        }
      }
    }
  }

  /// The values that are ids as well behind a node.
  private mutating func follow(_ value: ValueID, into id: NodeID, _ graph: Graph) -> [ValueID] {
    let node = graph[id]
    switch node.op {
    case is ShapeOperator, is SizeOperator: return []
    case is Identity, is Reshape, is Squeeze, is Unsqueeze, is Flatten, is Transpose, is Slice, is Expand, is Tile:
      guard node.inputs.first == value, !node.inputs.dropFirst().contains(value) else { break }
      return node.outputs.compactMap { $0 }
    case is Cast:
      guard let dtype = graph.result(id).flatMap({ graph[$0].type?.tensor?.dtype }), dtype.isInteger else { break }
      return node.outputs.compactMap { $0 }
    case let gather as Gather where node.inputs[1] == value && node.inputs[0] != value:
      if take(id, table: 0, isRows: gather.axis == 0 || gather.axis == -(graph.shape(node.inputs[0])?.count ?? 0), graph) { return [] }
    case is CodedGather where node.inputs[1] == value: if take(id, table: 0, isRows: true, graph) { return [] }
    case let embedding as EmbeddingNormalization: if take(value, id, embedding, first: 2, graph) { return [] }
    case let embedding as QuantizedEmbedding: if take(value, id, embedding.embedding, first: 3, graph) { return [] }
    case is Equal:
      let other = node.inputs[0] == value ? node.inputs[1] : node.inputs[0]
      guard let other, graph.constant(other) != nil else { break }
      compared.append(other)
      return []
    default: break
    }
    obstacle = obstacle ?? "the ids %\(graph[input].name) also go into \(graph.describe(id)), which means them as numbers"
    return []
  }

  private mutating func take(_ value: ValueID, _ id: NodeID, _ op: EmbeddingNormalization, first: Int, _ graph: Graph) -> Bool {
    var isTaken = false
    for (index, source) in op.sources.enumerated() where source == .ids && graph.input(first + 1 + 2 * index, of: id) == value {
      guard take(id, table: first + 2 * index, isRows: true, graph) else { return false }
      isTaken = true
    }
    return isTaken
  }

  private mutating func take(_ id: NodeID, table position: Int, isRows: Bool, _ graph: Graph) -> Bool {
    guard isRows, let table = graph.input(position, of: id), let rows = graph.constant(table)?.shape.first else { return false }
    guard !lookUps.contains(where: { $0.node == id && $0.position == position }) else { return true }
    lookUps.append(LookUp(node: id, position: position, table: table, rows: rows))
    return true
  }
}
