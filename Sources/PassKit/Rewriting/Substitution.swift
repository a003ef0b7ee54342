import LatheDiagnostics
import LatheIR
import LatheTensors

/// Puts new values in the place of a match's root and removes what nothing reads any more.
///
/// A new value takes the name of the one it replaces, so that outputs and traces keep their names.
struct Substitution {
  let match: Match
  let replacements: [ValueID?]

  /// - Returns: the nodes that may match anew: producers and readers of the replacements.
  /// - Throws: `passes/outputs` where an output that is read has no replacement, or one of another type.
  func apply(to graph: inout Graph) throws(Diagnostic) -> [NodeID] {
    var names: [(value: ValueID, name: String, wasOutput: Bool)] = []
    for (position, output) in graph[match.root].outputs.enumerated() {
      guard let output else { continue }
      let wasOutput = graph.isOutput(output)
      guard let replacement = position < replacements.count ? replacements[position] : nil else {
        guard graph[output].users.isEmpty, !wasOutput else { throw missing(position, graph) }
        continue
      }
      try checkType(of: replacement, against: output, graph)
      names.append((replacement, graph[output].name, wasOutput))
      graph.replaceAllUses(of: output, with: replacement)
    }
    graph.removeUnread(match.nodes)
    for (value, name, wasOutput) in names where wasOutput || isNew(value, graph) {
      guard graph.value(named: name) == nil else { continue }
      try graph.rename(value, to: name)
    }
    return names.flatMap { touched($0.value, graph) }
  }

  /// Why the replacements cannot stand where the root's outputs stand; nil where they can.
  func obstacle(in graph: Graph) -> String? {
    for (output, replacement) in zip(graph[match.root].outputs, replacements) {
      guard let output, let replacement, graph.isOutput(output) else { continue }
      guard graph[replacement].producer == nil || graph.isOutput(replacement) else { continue }
      return "it names the output %\(graph[output].name), which no other node would produce"
    }
    return nil
  }

  private func isNew(_ value: ValueID, _ graph: Graph) -> Bool {
    guard case .pass? = graph.producer(of: value)?.provenance else { return false }
    return true
  }

  private func touched(_ value: ValueID, _ graph: Graph) -> [NodeID] {
    guard let producer = graph[value].producer else { return graph[value].users }
    let before = graph[producer].operands.compactMap { graph[$0].producer }
    return before + [producer] + graph[value].users
  }

  private func checkType(of new: ValueID, against old: ValueID, _ graph: Graph) throws(Diagnostic) {
    guard let one = graph[new].type?.tensor, let other = graph[old].type?.tensor else { return }
    let agrees =
      one.dtype == other.dtype
      && (one.shape == nil || other.shape == nil
        || one.shape?.count == other.shape?.count
          && zip(one.shape ?? [], other.shape ?? []).allSatisfy {
            $0.known == nil || $1.known == nil || $0.known == $1.known
          })
    guard agrees else {
      throw Diagnostic(
        "passes/outputs", .internalFault, "%\(graph[old].name) is \(other), but would be replaced by \(one)")
    }
  }

  private func missing(_ position: Int, _ graph: Graph) -> Diagnostic {
    Diagnostic(
      "passes/outputs", .internalFault, "the rewrite of \(graph.describe(match.root)) gives nothing for output \(position)")
  }
}
