import LatheDiagnostics

/// An operator that can be said in simpler standard ONNX operators.
public protocol Decomposable: Operator {
  /// Adds nodes that compute the same to the builder's graph and returns a value for each output, in order.
  ///
  /// Types of the inputs are known as far as inference knows them; extents may be symbols.
  ///
  /// - Throws: `operator/decomposition` where more would have to be known of the inputs.
  func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID]
}

extension Graph {
  /// Replaces each node that `shouldDecompose` picks by what its operator decomposes into, again and again until none is picked.
  ///
  /// Names of outputs are kept; subgraphs are left as they are.
  ///
  /// - Throws: what the decompositions throw, with the node's name.
  public mutating func decompose(where shouldDecompose: (NodeID, Graph) -> Bool) throws(Diagnostic) {
    var pending = order
    while let id = pending.popLast() {
      guard contains(id), let op = self[id].op as? any Decomposable, shouldDecompose(id, self) else { continue }
      do throws(Diagnostic) {
        pending += try replace(id, byDecomposing: op)
      } catch {
        throw error.located(in: Location(node: describe(id)))
      }
    }
  }

  /// - Returns: the nodes that were added.
  private mutating func replace(_ id: NodeID, byDecomposing op: any Decomposable) throws(Diagnostic) -> [NodeID] {
    let node = self[id]
    let firstNew = nodes.count
    var builder = GraphBuilder(Graph(), provenance: node.provenance, before: id)
    swap(&self, &builder.graph)
    defer { swap(&self, &builder.graph) }
    let values = try op.decompose(node.inputs, in: &builder)
    for (output, value) in zip(node.outputs, values) {
      guard let output else { continue }
      let name = builder.graph[output].name
      builder.graph.replaceAllUses(of: output, with: value)
      try builder.graph.rename(output, to: builder.graph.uniqueName("\(name).composed"))
      try builder.graph.rename(value, to: name)
    }
    builder.graph.removeNode(id)
    return (firstNew..<builder.graph.nodes.count).map { NodeID($0) }
  }
}
