import LatheDiagnostics
import LatheIR
import LatheTensors

extension PassContext {
  /// Makes everything that reads `old` read `new` instead, which takes over the name where `old` is an output of the graph.
  ///
  /// The node that produces `old` stays until `removeUnread`.
  ///
  /// - Parameter takingName: whether `new`, which the pass has made, takes over the name in any case.
  /// - Returns: a reason why not, where the output's name would be lost; nil once it is done.
  public func substitute(
    _ new: ValueID, for old: ValueID, takingName: Bool = false, in graph: inout Graph
  ) throws(Diagnostic) -> String? {
    guard takingName || graph.isOutput(old) else {
      graph.replaceAllUses(of: old, with: new)
      return nil
    }
    let isFresh = graph[new].constant != nil && graph[new].users.isEmpty
    if graph.isOutput(old), graph[new].producer == nil && !isFresh || graph.isOutput(new) {
      return "it names a graph output that no other node produces"
    }
    let name = graph[old].name
    graph.replaceAllUses(of: old, with: new)
    try graph.rename(old, to: graph.uniqueName("\(name).replaced"))
    try graph.rename(new, to: name)
    return nil
  }

  /// Adds a node with one output before `successor`, in place of `replaced`, with inferred types, and returns the output.
  public func add(
    _ op: any Operator, _ inputs: [ValueID?], to graph: inout Graph, before successor: NodeID, replacing replaced: [NodeID]
  ) throws(Diagnostic) -> ValueID {
    let provenance = Provenance.pass(pass.rawValue, from: replaced.map(graph.describe))
    return try graph.addInferred(op, inputs, provenance: provenance, before: successor)[0]
  }

  /// Removes those of the nodes that nothing reads, then whatever only they read, constants included; one walk over the graph.
  public func removeUnread(_ candidates: some Sequence<NodeID>, in graph: inout Graph) {
    var readers: [ValueID: Int] = [:]
    var dead: Set<NodeID> = []
    var waiting = Array(candidates)
    let outputs = Set(graph.outputs)
    while let id = waiting.popLast() {
      guard graph.contains(id), !dead.contains(id) else { continue }
      let isRead = graph[id].outputs.contains { output in
        guard let output else { return false }
        return outputs.contains(output) || (readers[output] ?? graph[output].users.count) > 0
      }
      if isRead { continue }
      dead.insert(id)
      for operand in graph[id].operands {
        readers[operand] = (readers[operand] ?? graph[operand].users.count) - 1
        if let producer = graph[operand].producer { waiting.append(producer) }
      }
    }
    guard !dead.isEmpty else { return }
    let loose = readers.filter { $0.value == 0 && graph[$0.key].constant != nil && !outputs.contains($0.key) }
    graph.removeNodes(dead)
    for value in loose.keys { graph.removeValue(value) }
  }
}
