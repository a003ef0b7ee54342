internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

extension ModelEncoder {
  typealias GraphMessage = UnsafeMutablePointer<Lathe__Onnx__GraphProto>

  /// The message of a model's graph, whose inputs and outputs must have types.
  func mainGraph(_ graph: Graph) throws(Diagnostic) -> GraphMessage {
    for id in graph.inputs + graph.outputs where graph[id].type == nil {
      throw .invalid(
        "onnx/interface-type",
        "ONNX needs the type of every input and output, but nothing is known about %\(graph[id].name)",
        at: Location(value: graph[id].name), fix: "declare its type in the source model")
    }
    let declared = declaresEveryType ? nil : RecoverableTypes.exceptions(in: graph)
    return try self.graph(graph, NameScope(graph, captured: [], in: nil), path: "", declared: declared)
  }

  /// The message of a graph; of intermediate values, those in `declared` get their types written, or all if it is nil.
  private func graph(
    _ graph: Graph, _ outerScope: NameScope, path: String, declared: Set<ValueID>?
  ) throws(Diagnostic) -> GraphMessage {
    var scope = outerScope
    var lowered: [LoweredNode] = []
    for id in graph.order { lowered.append(try lower(id, graph, &scope, path)) }
    let outputs = graph.outputs.map { id in
      graph.captures.contains(id) ? scope.add(scope[id] + "_output") : scope[id]
    }
    let proto = arena.make(lathe__onnx__graph_proto__init)
    // A graph must have a name.
    (proto.pointee.has_name, proto.pointee.name) = text(graph.name.isEmpty ? "graph" : graph.name)
    (proto.pointee.has_doc_string, proto.pointee.doc_string) = text(graph.annotations.documentation)
    (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(graph.annotations)

    let nodes = try nodes(lowered, graph, scope, path) + identities(graph, outputs, scope)
    (proto.pointee.n_node, proto.pointee.node) = (nodes.count, arena.list(nodes))
    let initializers = initializers(graph, lowered, scope)
    (proto.pointee.n_initializer, proto.pointee.initializer) = (initializers.count, arena.list(initializers))
    let inputs = graph.inputs.map { valueInfo(graph[$0], scope[$0]) }
    (proto.pointee.n_input, proto.pointee.input) = (inputs.count, arena.list(inputs))
    let outputInfos = zip(graph.outputs, outputs).map { valueInfo(graph[$0], $1) }
    (proto.pointee.n_output, proto.pointee.output) = (outputInfos.count, arena.list(outputInfos))
    let infos = intermediates(graph, declared).map { valueInfo(graph[$0], scope[$0]) }
    (proto.pointee.n_value_info, proto.pointee.value_info) = (infos.count, arena.list(infos))
    return proto
  }

  /// A value of an enclosing graph cannot be an output itself.
  private func identities(
    _ graph: Graph, _ outputs: [String], _ scope: NameScope
  ) -> [UnsafeMutablePointer<Lathe__Onnx__NodeProto>] {
    zip(graph.outputs, outputs).filter { graph.captures.contains($0.0) }.map { id, name in
      let proto = arena.make(lathe__onnx__node_proto__init)
      (proto.pointee.n_input, proto.pointee.input) = (1, arena.list([arena.bytes(scope[id])]))
      (proto.pointee.n_output, proto.pointee.output) = (1, arena.list([arena.bytes(name)]))
      (proto.pointee.has_op_type, proto.pointee.op_type) = text("Identity")
      return proto
    }
  }

  /// Constants, then defaults of inputs, then what downgrades made.
  private func initializers(
    _ graph: Graph, _ lowered: [LoweredNode], _ scope: NameScope
  ) -> [UnsafeMutablePointer<Lathe__Onnx__TensorProto>] {
    var read = Set(graph.outputs)
    for node in lowered { read.formUnion(node.operands(of: graph)) }
    var list: [UnsafeMutablePointer<Lathe__Onnx__TensorProto>] = []
    for id in graph.constants {
      // What became an attribute of every reader is not written; what had no reader is.
      guard let tensor = graph[id].constant, read.contains(id) || graph[id].users.isEmpty else { continue }
      list.append(initializer(tensor, name: scope[id], graph[id].annotations))
    }
    for id in graph.inputs {
      if let tensor = graph[id].defaultValue { list.append(initializer(tensor, name: scope[id])) }
    }
    for node in lowered {
      for (made, name) in zip(node.lowering.made, node.madeNames) {
        if let tensor = made.constant { list.append(initializer(tensor, name: name)) }
      }
    }
    return list
  }

  /// Produced values whose types are written; outputs have theirs already.
  private func intermediates(_ graph: Graph, _ declared: Set<ValueID>?) -> [ValueID] {
    let outputs = Set(graph.outputs)
    return graph.order.flatMap { graph[$0].outputs.compactMap { $0 } }.filter { id in
      guard graph[id].type != nil, !outputs.contains(id) else { return false }
      return declared?.contains(id) ?? true || !graph[id].annotations.isEmpty
    }
  }

  private func valueInfo(_ value: Value, _ name: String) -> UnsafeMutablePointer<Lathe__Onnx__ValueInfoProto> {
    let proto = arena.make(lathe__onnx__value_info_proto__init)
    (proto.pointee.has_name, proto.pointee.name) = text(name)
    if let type = value.type {
      demand.need(type)
      proto.pointee.type = arena.type(type)
    }
    (proto.pointee.has_doc_string, proto.pointee.doc_string) = text(value.annotations.documentation)
    (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(value.annotations)
    return proto
  }

  /// The message of a graph in an attribute.
  func subgraph(
    _ graph: Graph, captured: [String], in outer: NameScope, path: String
  ) throws(Diagnostic) -> GraphMessage {
    try self.graph(graph, NameScope(graph, captured: captured, in: outer), path: path, declared: nil)
  }
}
