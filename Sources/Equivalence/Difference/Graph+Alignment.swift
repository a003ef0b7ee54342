import LatheDiagnostics
import LatheIR

extension Graph {
  /// The graph with its values named as in another one, as far as both are built alike from the outputs back.
  ///
  /// Names that exporters and passes count up may be counted otherwise where the same is made twice.
  ///
  /// - Throws: an internal fault if a name cannot be given.
  public func named(like other: Graph) throws(Diagnostic) -> Graph {
    var partners: [ValueID: ValueID] = [:]
    var taken: Set<ValueID> = []
    var waiting: [(ValueID, ValueID)] = outputs.compactMap { id in other.outputs.first { other[$0].name == self[id].name }.map { (id, $0) } }
    while let (own, theirs) = waiting.popLast() {
      guard partners[own] == nil, taken.insert(theirs).inserted else { continue }
      partners[own] = theirs
      guard let left = producer(of: own), let right = other.producer(of: theirs), left.op.name == right.op.name,
        left.inputs.count == right.inputs.count, left.outputs.count == right.outputs.count
      else { continue }
      for (one, two) in zip(left.inputs + left.outputs, right.inputs + right.outputs) {
        if let one, let two, self[one].isComputed == other[two].isComputed { waiting.append((one, two)) }
      }
    }
    let changes = partners.filter { own, theirs in
      let (name, wanted) = (self[own].name, other[theirs].name)
      return name != wanted && (self[own].isComputed || self[own].constant != nil) && Self.looksGenerated(name) && Self.looksGenerated(wanted)
    }
    var graph = self
    for id in changes.keys { try graph.rename(id, to: graph.uniqueName("\(graph[id].name).renamed")) }
    for (id, partner) in changes where graph.value(named: other[partner].name) == nil { try graph.rename(id, to: other[partner].name) }
    return graph
  }
}

extension Value {
  /// Whether a node makes it.
  fileprivate var isComputed: Bool { producer != nil }
}
