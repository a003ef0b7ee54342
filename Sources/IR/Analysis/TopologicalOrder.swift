import LatheDiagnostics

extension Graph {
  /// Reorders the nodes so that each follows the producers of its operands; a graph that is in order stays as it is.
  ///
  /// Linear in nodes and operands.
  ///
  /// - Throws: `ir/cycle`, naming nodes of one cycle.
  public mutating func sortTopologically() throws(Diagnostic) {
    var waiting = [Int](repeating: 0, count: nodes.count)
    var rank = [Int](repeating: 0, count: nodes.count)
    for (position, id) in order.enumerated() {
      rank[id.index] = position
      waiting[id.index] = self[id].operands.count { self[$0].producer != nil }
    }
    guard !isOrdered(rank) else { return }
    var ready = order.filter { waiting[$0.index] == 0 }
    var sorted: [NodeID] = []
    sorted.reserveCapacity(order.count)
    var next = 0
    while next < ready.count {
      let id = ready[next]
      next += 1
      sorted.append(id)
      for output in self[id].outputs.compactMap({ $0 }) {
        for user in self[output].users {
          waiting[user.index] -= 1
          if waiting[user.index] == 0 { ready.append(user) }
        }
      }
    }
    guard sorted.count == order.count else { throw cycle(waiting) }
    order = sorted
  }

  /// Whether every operand's producer comes before its reader.
  private func isOrdered(_ rank: [Int]) -> Bool {
    order.allSatisfy { id in
      self[id].operands.allSatisfy { operand in self[operand].producer.map { rank[$0.index] < rank[id.index] } ?? true }
    }
  }

  /// Walks back along operands that still wait until a node repeats.
  private func cycle(_ waiting: [Int]) -> Diagnostic {
    guard var current = order.first(where: { waiting[$0.index] > 0 }) else {
      return Diagnostic("ir/cycle", .internalFault, "the order of the nodes cannot be found")
    }
    var path: [NodeID] = []
    var seen: Set<NodeID> = []
    while seen.insert(current).inserted {
      path.append(current)
      let back = self[current].operands.lazy.compactMap { self[$0].producer }.first { waiting[$0.index] > 0 }
      guard let back else { break }
      current = back
    }
    let loop = path[(path.firstIndex(of: current) ?? 0)...].reversed()
    let names = loop.prefix(8).map(describe).joined(separator: " → ") + (loop.count > 8 ? " → …" : "")
    return .invalid(
      "ir/cycle", "the graph has a cycle of \(loop.count) nodes: \(names)", at: Location(node: describe(current)),
      fix: "a graph must be acyclic; use Loop or Scan for iteration")
  }
}
