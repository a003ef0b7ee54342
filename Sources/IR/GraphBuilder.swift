import LatheDiagnostics
import LatheTensors

/// Adds nodes to a graph with inferred types, generated names and one provenance.
public struct GraphBuilder: Sendable {
  public var graph: Graph
  public var provenance: Provenance
  /// New nodes go before this one; nil for the end.
  public var insertionPoint: NodeID?

  public init(_ graph: Graph = Graph(), provenance: Provenance, before insertionPoint: NodeID? = nil) {
    self.graph = graph
    self.provenance = provenance
    self.insertionPoint = insertionPoint
  }

  /// Adds an input of the main graph.
  public mutating func input(_ name: String, _ dtype: DType, _ shape: Shape?) throws(Diagnostic) -> ValueID {
    try graph.addInput(name, type: .tensor(TensorType(dtype, shape)))
  }

  /// Adds a constant under `name`, or a numbered variant of it.
  public mutating func constant(_ name: String, _ tensor: Tensor) throws(Diagnostic) -> ValueID {
    try graph.addConstant(graph.uniqueName(name), tensor)
  }

  /// Adds a node with one output and returns it.
  public mutating func add(_ op: any Operator, _ inputs: [ValueID?], name: String? = nil) throws(Diagnostic) -> ValueID
  {
    let outputs = try add(op, inputs, outputCount: 1, name: name)
    return outputs[0]
  }

  /// Adds a node with its first `outputCount` outputs and returns them.
  public mutating func add(
    _ op: any Operator, _ inputs: [ValueID?], outputCount: Int, name: String? = nil
  ) throws(Diagnostic) -> [ValueID] {
    try graph.addInferred(
      op, inputs, outputCount: outputCount, name: name, provenance: provenance, before: insertionPoint)
  }
}

extension Graph {
  /// Adds a node with its first `outputCount` outputs, whose names are generated and whose types are inferred, and returns them.
  ///
  /// - Throws: what inference has against the node, which is then not added.
  public mutating func addInferred(
    _ op: any Operator, _ inputs: [ValueID?], outputCount: Int = 1, name: String? = nil, provenance: Provenance,
    before successor: NodeID? = nil
  ) throws(Diagnostic) -> [ValueID] {
    let base = name ?? op.name.name.lowercased()
    var names: [String] = []
    for position in 0..<outputCount {
      let wanted = position == 0 ? base : "\(base).\(position)"
      names.append(uniqueName(wanted))
    }
    let id = try addNode(op, inputs: inputs, outputs: names, provenance: provenance, before: successor)
    do {
      try inferTypes(of: id)
    } catch {
      removeNode(id)
      throw error
    }
    return self[id].outputs.compactMap { $0 }
  }
}
