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
  public func removeUnread(_ candidates: some Sequence<NodeID>, in graph: inout Graph) { graph.removeUnread(candidates) }
}
