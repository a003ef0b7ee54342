import LatheIR
import Testing

/// Checks that two models are the same in everything, provenance and annotations included, which `Graph ==` leaves out.
func expectSame(_ a: Model, _ b: Model, _ comment: Comment? = nil) throws {
  #expect(a.graph == b.graph, comment)
  #expect(a.metadata == b.metadata, comment)
  #expect(a.text == b.text, comment)
  #expect(a.record.map { Array($0.utf8) } == b.record.map { Array($0.utf8) }, comment)
  try expectSameMargins(a.graph, b.graph, comment)
}

private func expectSameMargins(_ a: Graph, _ b: Graph, _ comment: Comment?) throws {
  #expect(a.name == b.name && a.annotations == b.annotations, comment)
  for id in a.valueIDsInOrder {
    let other = try #require(b.value(named: a[id].name), comment)
    #expect(a[id].annotations == b[other].annotations, comment)
    #expect(Array(a[id].name.utf8) == Array(b[other].name.utf8), comment)
    #expect(a[id].users.count == b[other].users.count, comment)
  }
  for (left, right) in zip(a.order, b.order) {
    #expect(a[left].provenance == b[right].provenance && a[left].annotations == b[right].annotations, comment)
    let (one, two) = (a[left].op as? OpaqueOperator, b[right].op as? OpaqueOperator)
    #expect(one?.version == two?.version && one?.overload == two?.overload, comment)
    #expect(type(of: a[left].op) == type(of: b[right].op), comment)
    for (inner, copy) in zip(a.subgraphs(of: left), b.subgraphs(of: right)) {
      try expectSameMargins(inner, copy, comment)
    }
  }
}
