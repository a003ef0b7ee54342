import LatheDiagnostics
import LatheIR

extension Graph {
  /// The graph with each of the values fed rather than computed where it is read, and the names of the inputs that take them.
  ///
  /// The values themselves are still computed, and are the outputs.
  func refeeding(_ values: [ValueID]) throws(Diagnostic) -> (graph: Graph, inputs: [String]) {
    var graph = self
    var names: [String] = []
    for value in values { names.append(try graph.feed(value)) }
    graph.setOutputs(values)
    return (graph, names)
  }

  /// The graph with one value fed in the place of what it computes, without the nodes that only served for it, and the name of its input.
  func injecting(_ value: ValueID) throws(Diagnostic) -> (graph: Graph, input: String) {
    var graph = self
    let name = try graph.feed(value)
    if let producer = graph[value].producer { graph.removeUnread([producer]) }
    return (graph, name)
  }

  private mutating func feed(_ value: ValueID) throws(Diagnostic) -> String {
    let name = uniqueName("\(self[value].name).fed")
    let input = try addInput(name, type: self[value].type)
    replaceAllUses(of: value, with: input)
    return name
  }

  /// Nodes that the value is computed by, from the other given values on; the value's own first.
  func region(of value: ValueID, upTo boundary: Set<ValueID>) -> [NodeID] {
    var found: [NodeID] = []
    var seen: Set<NodeID> = []
    var waiting = [value]
    while let next = waiting.popLast() {
      guard next == value || !boundary.contains(next), let producer = self[next].producer, seen.insert(producer).inserted else { continue }
      found.append(producer)
      waiting += self[producer].operands
    }
    return found
  }
}
