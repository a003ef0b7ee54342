import LatheIR
import LathePassKit

/// Says of the nodes of a graph that came back where they are from: what they were before, or the program.
struct ProvenanceTransfer {
  private let old: Graph
  private let pass: PassID

  init(from old: Graph, pass: PassID) {
    self.old = old
    self.pass = pass
  }

  /// - Returns: whether the graphs differ.
  func apply(to graph: inout Graph) -> Bool {
    for id in graph.order {
      let output = graph[id].outputs.lazy.compactMap { $0 }.first
      let earlier = output.flatMap { old.value(named: graph[$0].name) }.flatMap { old.producer(of: $0) }
      if let earlier, earlier.op.name == graph[id].op.name {
        graph[id].provenance = earlier.provenance
      } else {
        graph[id].provenance = .pass(pass.rawValue, from: [])
      }
    }
    graph.name = old.name
    graph.annotations = old.annotations
    return graph != old
  }
}
