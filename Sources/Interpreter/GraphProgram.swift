import LatheIR

/// A graph with what running it needs to know beforehand; its subgraphs likewise.
struct GraphProgram: Sendable {
  let graph: Graph
  /// Slots that values take: one more than the largest index.
  let slotCount: Int
  /// For each node in order, the values whose last reader it is.
  let lastUses: [[ValueID]]
  /// For each node in order, the programs of the graphs its operator holds.
  let subprograms: [[GraphProgram]]

  init(_ graph: Graph) {
    self.graph = graph
    slotCount = graph.valueIDsInOrder.last.map { $0.index + 1 } ?? 0
    lastUses = Self.lastUses(graph)
    subprograms = graph.order.map { graph.subgraphs(of: $0).map(GraphProgram.init) }
  }

  private static func lastUses(_ graph: Graph) -> [[ValueID]] {
    var seen = Set(graph.outputs)
    var result: [[ValueID]] = []
    for id in graph.order.reversed() {
      let node = graph[id]
      result.append((node.operands + node.outputs.compactMap { $0 }).filter { seen.insert($0).inserted })
    }
    return result.reversed()
  }
}
