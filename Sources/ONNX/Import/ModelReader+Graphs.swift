internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheTensors

extension ModelReader {
  /// Reads a graph into the scope's target; `hint` tells types of inputs that the file leaves open.
  func read(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__GraphProto>, in scope: Scope, hint: (Int) -> ValueType? = { _ in nil }
  ) throws(Diagnostic) {
    let target = scope.target
    target.graph.annotations = annotations(
      proto.pointee.doc_string, MessageList(proto.pointee.metadata_props, proto.pointee.n_metadata_props))
    try readInputs(proto, in: scope, hint)
    let nodes = MessageList(proto.pointee.node, proto.pointee.n_node)
    try bindOutputs(of: nodes, in: scope)
    target.reserved = { [unowned scope] name in scope.prefix.isEmpty && scope.bindings[name] != nil }
    try declareTypes(proto, in: scope)
    for position in try NodeOrder(nodes, scope, freeNames).positions() { try read(nodes[position], in: scope) }
    target.graph.setOutputs(try readOutputs(proto, in: scope))
    if proto.pointee.n_quantization_annotation > 0 {
      warnings.add(
        .warning(
          "onnx/dropped",
          "the quantization annotations of \(proto.pointee.n_quantization_annotation) tensors are left out"))
    }
  }

  /// Inputs and initializers; an initializer that is also an input is its default from IR version 4 on.
  private func readInputs(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__GraphProto>, in scope: Scope, _ hint: (Int) -> ValueType?
  ) throws(Diagnostic) {
    var initializers = try initializers(of: proto)
    var overridable = 0
    for (position, input) in MessageList(proto.pointee.input, proto.pointee.n_input).enumerated() {
      let name = try valueName(input.pointee.name, "an input's name")
      guard scope.bindings[name] == nil else { throw duplicate(name, "two inputs") }
      let initializer = initializers.tensors.removeValue(forKey: name)
      if initializer != nil && irVersion >= 4 { overridable += 1 }
      do throws(Diagnostic) {
        scope.bindings[name] = .value(try addInput(input, name, initializer, hint(position), in: scope))
      } catch {
        throw error.located(in: Location(value: name))
      }
    }
    if overridable > 0 {
      warnings.add(
        .warning(
          "onnx/overridable-initializers",
          "\(overridable) initializers are also inputs: callers may replace them, so they are not constants",
          fix: "if they are weights, export the model without keep_initializers_as_inputs"))
    }
    for name in initializers.names {
      guard let initializer = initializers.tensors[name] else { continue }
      do throws(Diagnostic) {
        let id = try scope.target.graph.addConstant(scope.graphName(of: name), try tensor(initializer))
        scope.bindings[name] = .value(id)
      } catch {
        throw error.located(in: Location(value: name))
      }
    }
  }

  private enum Initializer {
    case dense(UnsafeMutablePointer<Lathe__Onnx__TensorProto>)
    case sparse(UnsafeMutablePointer<Lathe__Onnx__SparseTensorProto>)
  }

  private func initializers(
    of proto: UnsafeMutablePointer<Lathe__Onnx__GraphProto>
  ) throws(Diagnostic) -> (names: [String], tensors: [String: Initializer]) {
    var names: [String] = []
    var tensors: [String: Initializer] = [:]
    func add(_ data: ProtobufCBinaryData, _ initializer: Initializer) throws(Diagnostic) {
      let name = try valueName(data, "an initializer's name")
      guard tensors.updateValue(initializer, forKey: name) == nil else { throw duplicate(name, "two initializers") }
      names.append(name)
    }
    for tensor in MessageList(proto.pointee.initializer, proto.pointee.n_initializer) {
      try add(tensor.pointee.name, .dense(tensor))
    }
    for sparse in MessageList(proto.pointee.sparse_initializer, proto.pointee.n_sparse_initializer) {
      guard let values = sparse.pointee.values else { throw SparseReader.incomplete }
      try add(values.pointee.name, .sparse(sparse))
    }
    return (names, tensors)
  }

  private func tensor(_ initializer: Initializer) throws(Diagnostic) -> Tensor {
    switch initializer {
    case .dense(let proto): try tensors.read(proto)
    case .sparse(let proto): try dense(proto)
    }
  }

  private func addInput(
    _ input: UnsafeMutablePointer<Lathe__Onnx__ValueInfoProto>, _ name: String, _ initializer: Initializer?,
    _ hint: ValueType?, in scope: Scope
  ) throws(Diagnostic) -> ValueID {
    let type = try ValueTypeReader.read(input.pointee.type) ?? hint
    if type == nil, scope.parent == nil {
      throw .invalid(
        "onnx/input-type", "the input has no type", fix: "export the model again, with the types of its inputs")
    }
    let contents = try initializer.map { (initializer) throws(Diagnostic) in try tensor(initializer) }
    if let contents, let declared = type?.tensor { try check(contents, against: declared) }
    let graphName = scope.graphName(of: name)
    if let contents, irVersion < 4 { return try scope.target.graph.addConstant(graphName, contents) }
    let id = try scope.target.graph.addInput(graphName, type: type, defaultValue: contents)
    scope.target.graph[id].annotations = annotations(of: input)
    return id
  }

  private func check(_ contents: Tensor, against declared: TensorType) throws(Diagnostic) {
    let fits =
      contents.dtype == declared.dtype
      && declared.shape.map { shape in
        shape.count == contents.rank && zip(shape, contents.shape).allSatisfy { $0.known == nil || $0.known == $1 }
      } ?? true
    guard fits else {
      throw .invalid(
        "onnx/default-type", "the input is declared as \(declared), but its initializer is \(TensorType(of: contents))",
        fix: "export the model again")
    }
  }

  /// Binds every output of every node to the node's position.
  func bindOutputs(of nodes: MessageList<Lathe__Onnx__NodeProto>, in scope: Scope) throws(Diagnostic) {
    scope.bindings.reserveCapacity(scope.bindings.count + nodes.count)
    for (position, node) in nodes.enumerated() {
      for index in 0..<node.pointee.n_output {
        guard let data = node.pointee.output?[index], data.len > 0 else { continue }
        do throws(Diagnostic) {
          let name = try Self.text(data, "an output's name")
          guard scope.bindings.updateValue(.node(position), forKey: name) == nil else {
            throw duplicate(name, "the output of this node and another value")
          }
        } catch {
          throw error.located(in: Location(node: scope.path + node.described))
        }
      }
    }
  }

  private func declareTypes(_ proto: UnsafeMutablePointer<Lathe__Onnx__GraphProto>, in scope: Scope) throws(Diagnostic)
  {
    for info in MessageList(proto.pointee.value_info, proto.pointee.n_value_info) {
      scope.declared[try valueName(info.pointee.name, "the name of a value_info")] = info
    }
    for info in MessageList(proto.pointee.output, proto.pointee.n_output) {
      scope.declared[try valueName(info.pointee.name, "an output's name")] = info
    }
  }

  private func readOutputs(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__GraphProto>, in scope: Scope
  ) throws(Diagnostic) -> [ValueID] {
    var outputs: [ValueID] = []
    for info in MessageList(proto.pointee.output, proto.pointee.n_output) {
      let name = try valueName(info.pointee.name, "an output's name")
      do throws(Diagnostic) {
        guard let id = try scope.value(name, for: scope.target) else {
          throw .invalid("onnx/undefined-value", "it is left out")
        }
        outputs.append(id)
      } catch {
        guard error.id == "onnx/undefined-value" else { throw error }
        throw .invalid(
          "onnx/output-missing", "the graph's output \(name) is never produced",
          at: Location(node: scope.location, value: name),
          fix: "export the model again: no node, input or initializer is named so")
      }
    }
    return outputs
  }

  func annotations(of info: UnsafeMutablePointer<Lathe__Onnx__ValueInfoProto>) -> Annotations {
    annotations(info.pointee.doc_string, MessageList(info.pointee.metadata_props, info.pointee.n_metadata_props))
  }

  private func valueName(_ data: ProtobufCBinaryData, _ what: String) throws(Diagnostic) -> String {
    let name = try Self.text(data, what)
    guard !name.isEmpty else { throw .invalid("onnx/no-name", "\(what) is empty", fix: "export the model again") }
    return name
  }

  private func duplicate(_ name: String, _ what: String) -> Diagnostic {
    .invalid(
      "onnx/duplicate-name", "\(what) are named \(name)", at: Location(value: name),
      fix: "give every value a name of its own")
  }
}
