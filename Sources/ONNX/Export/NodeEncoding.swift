internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

/// A node in the form it is written in, with names for the values it needs beside the graph's.
struct LoweredNode {
  let lowering: Lowering
  let madeNames: [String]

  /// Values of the graph that are still read.
  func operands(of graph: Graph) -> [ValueID] {
    let inputs = lowering.forms.flatMap(\.inputs).compactMap { operand -> ValueID? in
      guard case .value(let id)? = operand else { return nil }
      return id
    }
    return inputs + graph[lowering.node].captures
  }
}

extension ModelEncoder {
  typealias NodeMessage = UnsafeMutablePointer<Lathe__Onnx__NodeProto>

  /// Finds the node's form, and notes the operator set it is of.
  func lower(
    _ id: NodeID, _ graph: Graph, _ scope: inout NameScope, _ path: String
  ) throws(Diagnostic) -> LoweredNode {
    do {
      let lowering = try Lowering.lower(id, of: graph, opset: opset)
      try noteDomain(graph[id].op)
      let base = graph[id].outputs.lazy.compactMap { $0 }.first.map { graph[$0].name } ?? graph[id].name
      var names: [String] = []
      for made in lowering.made { names.append(scope.add("\(base)_\(made.suffix)")) }
      return LoweredNode(lowering: lowering, madeNames: names)
    } catch {
      throw error.located(in: Location(node: path + graph.describe(id)))
    }
  }

  private func noteDomain(_ op: any Operator) throws(Diagnostic) {
    guard !op.name.isStandard else { return }
    let version = (op as? OpaqueOperator)?.version ?? type(of: op).schema.sinceVersion
    if let other = domains[op.name.domain], other != version {
      throw .invalid(
        "onnx/domain-version",
        "\(op.name) is of version \(version) of its domain, but another node is of version \(other)",
        fix: "a model can use one version of a domain; build it from one source")
    }
    domains[op.name.domain] = version
  }

  /// The messages of all nodes.
  func nodes(
    _ lowered: [LoweredNode], _ graph: Graph, _ scope: NameScope, _ path: String
  ) throws(Diagnostic) -> [NodeMessage] {
    var names = NodeNames(lowered.map { graph[$0.lowering.node].name })
    var messages: [NodeMessage] = []
    for node in lowered {
      for form in node.lowering.before { messages.append(try message(form, node, scope, CapturedNames())) }
      let id = node.lowering.node
      let captured = CapturedNames(of: id, in: graph, scope, path: path + graph.describe(id) + "/")
      let proto = try message(node.lowering.form, node, scope, captured)
      (proto.pointee.has_name, proto.pointee.name) = text(names.unique(graph[id].name))
      (proto.pointee.has_doc_string, proto.pointee.doc_string) = text(graph[id].annotations.documentation)
      (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(graph[id].annotations)
      if let overload = (graph[id].op as? OpaqueOperator)?.overload, !overload.isEmpty {
        demand.needMetadata()
        (proto.pointee.has_overload, proto.pointee.overload) = text(overload)
      }
      messages.append(proto)
      for form in node.lowering.after { messages.append(try message(form, node, scope, CapturedNames())) }
    }
    return messages
  }

  /// Operator, operands and attributes.
  private func message(
    _ form: NodeForm, _ node: LoweredNode, _ scope: NameScope, _ captured: CapturedNames
  ) throws(Diagnostic) -> NodeMessage {
    func names(_ operands: [NodeForm.Operand?]) -> [ProtobufCBinaryData] {
      operands.map { operand in
        switch operand {
        case .value(let id): arena.bytes(scope[id])
        case .made(let index): arena.bytes(node.madeNames[index])
        case nil: arena.bytes("")
        }
      }
    }
    let proto = arena.make(lathe__onnx__node_proto__init)
    (proto.pointee.n_input, proto.pointee.input) = (form.inputs.count, arena.list(names(form.inputs)))
    (proto.pointee.n_output, proto.pointee.output) = (form.outputs.count, arena.list(names(form.outputs)))
    (proto.pointee.has_op_type, proto.pointee.op_type) = text(form.op.name)
    (proto.pointee.has_domain, proto.pointee.domain) = text(form.op.isStandard ? "" : form.op.domain)
    var captured = captured
    var attributes: [UnsafeMutablePointer<Lathe__Onnx__AttributeProto>] = []
    for (name, value) in form.attributes.values {
      attributes.append(
        try attribute(name, value) { (graph) throws(Diagnostic) in
          try subgraph(graph, captured: captured.next(name), in: scope, path: captured.path)
        })
    }
    (proto.pointee.n_attribute, proto.pointee.attribute) = (attributes.count, arena.list(attributes))
    return proto
  }
}

/// The outer names of what a node's subgraphs capture, by the attributes that hold the graphs.
private struct CapturedNames {
  let path: String
  private var waiting: [String: ArraySlice<[String]>] = [:]

  init() { path = "" }

  init(of id: NodeID, in graph: Graph, _ scope: NameScope, path: String) {
    self.path = path
    guard let holder = graph[id].op as? any SubgraphHolder else { return }
    var rest = graph[id].captures[...]
    for (name, inner) in holder.subgraphs {
      waiting[name, default: []].append(rest.prefix(inner.captures.count).map { scope[$0] })
      rest = rest.dropFirst(inner.captures.count)
    }
  }

  mutating func next(_ attribute: String) -> [String] { waiting[attribute]?.popFirst() ?? [] }
}

/// Names for the nodes of one graph: ONNX Runtime refuses two nodes of one name.
private struct NodeNames {
  private let given: Set<String>
  private var taken: Set<String> = []
  /// The number to try next behind a name.
  private var numbers: [String: Int] = [:]

  init(_ names: [String]) { given = Set(names) }

  /// The name the first time, then with a number behind it; an empty one stays.
  mutating func unique(_ name: String) -> String {
    guard !name.isEmpty, !taken.insert(name).inserted else { return name }
    while true {
      let number = numbers[name, default: 1]
      numbers[name] = number + 1
      let candidate = "\(name)_\(number)"
      if !given.contains(candidate), taken.insert(candidate).inserted { return candidate }
    }
  }
}
