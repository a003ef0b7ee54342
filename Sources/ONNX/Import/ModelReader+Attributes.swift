internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

/// The attributes of one node, and what graphs in them capture.
struct NodeAttributes {
  var attributes = Attributes()
  /// Values of the node's graph that each graph uses, by attribute.
  var captures: [String: [[ValueID]]] = [:]
  /// What the node's inputs say about the inputs of graphs.
  var hints: BodyHints?
}

extension ModelReader {
  typealias AttributeProto = UnsafeMutablePointer<Lathe__Onnx__AttributeProto>

  /// The attributes of a node, with references to a function's attributes replaced by what the call gives.
  ///
  /// `inputs` are the node's own; they tell what the inputs of graphs are that do not say so themselves.
  func attributes(
    of node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, inputs: [ValueID?] = [], in scope: Scope
  ) throws(Diagnostic) -> NodeAttributes {
    var result = NodeAttributes()
    result.hints = BodyHints(
      node, version: scope.operatorSets[""] ?? ONNXVersions.opset.upperBound,
      inputs.map { id in id.flatMap { scope.target.graph[$0].type } })
    var seen: Set<String> = []
    for proto in MessageList(node.pointee.attribute, node.pointee.n_attribute) {
      let name = try Self.text(proto.pointee.name, "an attribute's name")
      guard !name.isEmpty, seen.insert(name).inserted else {
        throw .invalid(
          "onnx/attribute-name", name.isEmpty ? "an attribute has no name" : "the attribute \(name) is given twice",
          fix: "export the model again")
      }
      do throws(Diagnostic) {
        guard let bound = try bound(proto, in: scope) else { continue }
        result.attributes[name] = try value(of: bound, named: name, for: scope.target, &result)
      } catch {
        var error = error
        if error.location.node == nil { error.message = "attribute \(name): \(error.message)" }
        throw error
      }
    }
    return result
  }

  /// The attribute that counts for a reference; nil for a reference to one that the call leaves out.
  func bound(_ proto: AttributeProto, in scope: Scope) throws(Diagnostic) -> BoundAttribute? {
    guard proto.pointee.ref_attr_name.len > 0 else { return BoundAttribute(proto: proto, scope: scope) }
    let reference = try Self.text(proto.pointee.ref_attr_name, "ref_attr_name")
    guard let call = scope.call else {
      throw .invalid(
        "onnx/attribute-reference", "it refers to the attribute \(reference) of a function, but is in none",
        fix: "export the model again")
    }
    guard let bound = call.attributes[reference] else { return nil }
    let (wanted, given) = (proto.pointee.type, try kind(of: bound.proto))
    guard
      proto.pointee.has_type == 0 || wanted == LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED
        || wanted == given
    else {
      throw .invalid(
        "onnx/attribute-kind", "it refers to the function's attribute \(reference), which is of another kind",
        fix: "export the model again")
    }
    return bound
  }

  private func value(
    of bound: BoundAttribute, named name: String, for target: GraphTarget, _ result: inout NodeAttributes
  ) throws(Diagnostic) -> Attribute {
    let kind = try kind(of: bound.proto)
    guard kind != LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH,
      kind != LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS
    else {
      return try graphs(of: bound, kind, named: name, for: target, &result)
    }
    guard bound.scope.call != nil else { return try plainValue(of: bound.proto, kind) }
    if let shared = sharedAttributes[bound.proto] { return shared }
    let value = try plainValue(of: bound.proto, kind)
    sharedAttributes[bound.proto] = value
    return value
  }

  private func plainValue(
    of proto: AttributeProto, _ kind: Lathe__Onnx__AttributeProto__AttributeType
  ) throws(Diagnostic) -> Attribute {
    switch kind {
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: return .float(proto.pointee.f)
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT: return .integer(proto.pointee.i)
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
      return proto.pointee.s.text.map { .string($0) } ?? .bytes(Array(proto.pointee.s.buffer))
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
      return .floats(Array(UnsafeBufferPointer(start: proto.pointee.floats, count: proto.pointee.n_floats)))
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
      return .integers(Array(UnsafeBufferPointer(start: proto.pointee.ints, count: proto.pointee.n_ints)))
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
      return strings(UnsafeBufferPointer(start: proto.pointee.strings, count: proto.pointee.n_strings))
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
      guard let tensor = proto.pointee.t else { throw empty }
      return .tensor(try tensors.read(tensor))
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS:
      var all: [Tensor] = []
      for tensor in MessageList(proto.pointee.tensors, proto.pointee.n_tensors) { all.append(try tensors.read(tensor)) }
      return .tensors(all)
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
      guard let sparse = proto.pointee.sparse_tensor else { throw empty }
      return .sparseTensor(try SparseReader.read(sparse, tensors))
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS:
      var sparse: [SparseTensor] = []
      for one in MessageList(proto.pointee.sparse_tensors, proto.pointee.n_sparse_tensors) {
        sparse.append(try SparseReader.read(one, tensors))
      }
      return .sparseTensors(sparse)
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO:
      guard let type = try ValueTypeReader.read(proto.pointee.tp) else { throw empty }
      return .type(type)
    case LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS:
      var types: [ValueType] = []
      for one in MessageList(proto.pointee.type_protos, proto.pointee.n_type_protos) {
        guard let type = try ValueTypeReader.read(one) else { throw empty }
        types.append(type)
      }
      return .types(types)
    default: throw empty
    }
  }

  private func graphs(
    of bound: BoundAttribute, _ kind: Lathe__Onnx__AttributeProto__AttributeType, named name: String,
    for target: GraphTarget,
    _ result: inout NodeAttributes
  ) throws(Diagnostic) -> Attribute {
    func add(_ proto: UnsafeMutablePointer<Lathe__Onnx__GraphProto>) throws(Diagnostic) -> Graph {
      let inner = GraphTarget(name: freeText(proto.pointee.name, "a graph's name"), enclosing: target)
      let scope = Scope(
        inner, parent: bound.scope, operatorSets: bound.scope.operatorSets, call: bound.scope.call,
        prefix: bound.scope.prefix,
        path: "\(bound.scope.path)\(name)/")
      let isBranch = result.hints?.isBranch == true
      if isBranch { branchDepth += 1 }
      defer { if isBranch { branchDepth -= 1 } }
      let hints = result.hints
      try nested { () throws(Diagnostic) in try read(proto, in: scope) { hints?.type(of: $0) } }
      result.captures[name, default: []].append(inner.captureSources)
      return inner.graph
    }
    if kind == LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS {
      var graphs: [Graph] = []
      for graph in MessageList(bound.proto.pointee.graphs, bound.proto.pointee.n_graphs) {
        graphs.append(try add(graph))
      }
      return .graphs(graphs)
    }
    guard let graph = bound.proto.pointee.g else { throw empty }
    return .graph(try add(graph))
  }

  private func strings(_ list: UnsafeBufferPointer<ProtobufCBinaryData>) -> Attribute {
    let texts = list.compactMap(\.text)
    return texts.count == list.count ? .strings(texts) : .byteStrings(list.map { Array($0.buffer) })
  }

  /// The kind that the attribute states; for files that state none, the one field that is set.
  func kind(of proto: AttributeProto) throws(Diagnostic) -> Lathe__Onnx__AttributeProto__AttributeType {
    let present = fields(of: proto)
    let stated =
      proto.pointee.has_type != 0 ? proto.pointee.type : LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED
    guard stated == LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED else {
      guard stated.rawValue <= LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS.rawValue,
        present.allSatisfy({ $0 == stated })
      else {
        throw .invalid(
          "onnx/attribute-kind", "its type is \(stated.rawValue), but its value is of another kind",
          fix: "export the model again")
      }
      return stated
    }
    guard present.count == 1 else {
      throw .invalid(
        "onnx/attribute-kind",
        present.isEmpty ? "it has neither a type nor a value" : "it has several values and no type",
        fix: "export the model again")
    }
    return present[0]
  }

  private func fields(of proto: AttributeProto) -> [Lathe__Onnx__AttributeProto__AttributeType] {
    var present: [Lathe__Onnx__AttributeProto__AttributeType] = []
    if proto.pointee.has_f != 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT) }
    if proto.pointee.has_i != 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT) }
    if proto.pointee.has_s != 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING) }
    if proto.pointee.t != nil { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR) }
    if proto.pointee.g != nil { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH) }
    if proto.pointee.sparse_tensor != nil {
      present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR)
    }
    if proto.pointee.tp != nil { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO) }
    if proto.pointee.n_floats > 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS) }
    if proto.pointee.n_ints > 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS) }
    if proto.pointee.n_strings > 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS) }
    if proto.pointee.n_tensors > 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS) }
    if proto.pointee.n_graphs > 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS) }
    if proto.pointee.n_sparse_tensors > 0 {
      present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS)
    }
    if proto.pointee.n_type_protos > 0 { present.append(LATHE__ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS) }
    return present
  }

  private var empty: Diagnostic {
    .invalid("onnx/attribute-kind", "its type promises a value that is not there", fix: "export the model again")
  }
}
