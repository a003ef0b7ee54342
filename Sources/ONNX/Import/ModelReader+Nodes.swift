internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheTensors

extension ModelReader {
  /// Reads one node into the scope's target.
  func read(_ node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, in scope: Scope) throws(Diagnostic) {
    do throws(Diagnostic) {
      try countNodes()
      try readParts(node, in: scope)
    } catch {
      var error = error.located(in: Location(node: scope.path + node.described))
      error.fix = error.fix ?? "correct the node where the model is exported"
      throw error
    }
  }

  private func readParts(_ node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, in scope: Scope) throws(Diagnostic) {
    let name = OperatorName(
      domain: try Self.text(node.pointee.domain, "the operator's domain"),
      try Self.text(node.pointee.op_type, "the operator's name"))
    guard !name.name.isEmpty else {
      throw .invalid("onnx/no-operator", "the node has no op_type", fix: "export the model again")
    }
    let overload = try Self.text(node.pointee.overload, "the operator's overload")
    var inputs: [ValueID?] = []
    for index in 0..<node.pointee.n_input {
      guard let data = node.pointee.input?[index], data.len > 0 else {
        inputs.append(nil)
        continue
      }
      inputs.append(try scope.value(try Self.text(data, "an input's name"), for: scope.target))
    }
    let outputs = try outputNames(node)
    if let function = functions[name, overload] {
      return try inline(function, call: node, inputs: inputs, outputs: outputs, in: scope)
    }
    if name == OperatorName("Constant"), overload.isEmpty { return try readConstant(node, outputs, in: scope) }
    let read = try attributes(of: node, inputs: inputs, in: scope)
    var draft = NodeDraft(
      name, version: version(of: name.domain, in: scope), inputs: inputs,
      outputs: outputs.map { $0.map(scope.graphName) },
      provenance: .source(scope.path + node.described))
    draft.overload = overload
    draft.attributes = read.attributes
    draft.captures = read.captures
    draft.nodeName = node.pointee.name.len > 0 ? scope.prefix + freeText(node.pointee.name, "a node's name") : ""
    draft.annotations = annotations(
      node.pointee.doc_string, MessageList(node.pointee.metadata_props, node.pointee.n_metadata_props))
    if node.pointee.n_device_configurations > 0 {
      warnings.add(.warning("onnx/dropped", "the node's device configurations are left out"))
    }
    try add(draft, outputs, in: scope)
  }

  /// Adds a node with its declared types, and binds its outputs.
  private func add(_ draft: NodeDraft, _ outputs: [String?], in scope: Scope) throws(Diagnostic) {
    var declared: [String: ValueType] = [:]
    for (output, name) in zip(outputs, draft.outputs) {
      guard let output, let name, let info = scope.declared[output] else { continue }
      do throws(Diagnostic) {
        declared[name] = try ValueTypeReader.read(info.pointee.type)
      } catch {
        throw error.located(in: Location(value: output))
      }
    }
    let made = try upgradeAndEmit(draft, to: scope.target, declared: declared)
    for (position, output) in outputs.enumerated() {
      guard let output, position < made.count, let id = made[position] else { continue }
      scope.bindings[output] = .value(id)
      guard let info = scope.declared[output] else { continue }
      scope.target.graph[id].annotations = annotations(of: info)
    }
  }

  private func outputNames(_ node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>) throws(Diagnostic) -> [String?] {
    var names: [String?] = []
    for index in 0..<node.pointee.n_output {
      let name = try (node.pointee.output?[index]).map { (data) throws(Diagnostic) in
        try Self.text(data, "an output's name")
      }
      names.append(name.flatMap { $0.isEmpty ? nil : $0 })
    }
    return names
  }

  /// Version of the operator's domain; a domain that is not imported counts as version 1, with a warning.
  private func version(of domain: String, in scope: Scope) -> Int {
    if let version = scope.operatorSets[domain] { return version }
    warnings.add(
      .warning(
        "onnx/opset-missing",
        "the model uses operators of \(domain.isEmpty ? "ai.onnx" : domain), but does not say in which version"))
    return domain.isEmpty ? ONNXVersions.opset.upperBound : 1
  }

  /// Adds a node to a graph and infers its types.
  ///
  /// - Returns: the outputs by position; nil where not produced.
  /// - Throws: what decoding and inference throw; a declared type that contradicts the operator is
  ///   dropped with a warning.
  @discardableResult
  func emit(
    _ draft: NodeDraft, to target: GraphTarget, declared: [String: ValueType] = [:]
  ) throws(Diagnostic) -> [ValueID?] {
    let op = try makeOperator(draft)
    var captures: [ValueID] = []
    var taken: [String: Int] = [:]
    for (name, _) in (op as? any SubgraphHolder)?.subgraphs ?? [] {
      let position = taken[name, default: 0]
      taken[name] = position + 1
      if let lists = draft.captures[name], position < lists.count { captures += lists[position] }
    }
    try countNodes(captures.count)
    let id = try target.graph.addNode(
      op, inputs: draft.inputs, captures: captures, outputs: draft.outputs, name: draft.nodeName,
      provenance: draft.provenance)
    if !draft.annotations.isEmpty { target.graph[id].annotations = draft.annotations }
    for output in draft.outputs {
      guard let output, let type = declared[output], let value = target.graph.value(named: output) else { continue }
      target.graph.setType(type, of: value)
    }
    try infer(id, in: target)
    var outputs = target.graph[id].outputs
    while outputs.count < draft.outputs.count { outputs.append(nil) }
    return outputs
  }

  private func makeOperator(_ draft: NodeDraft) throws(Diagnostic) -> any Operator {
    if draft.overload.isEmpty, !draft.isKept,
      let known = try catalog.decode(draft.name, draft.attributes)
    {
      return known
    }
    return OpaqueOperator(
      name: draft.name, overload: draft.overload, version: draft.version, attributes: draft.attributes)
  }

  /// Infers a node's types; where a declared type contradicts its operator, the operator is right.
  ///
  /// A node in a branch of If that does not fit its inputs may never be run, so it is no fault of the model.
  private func infer(_ id: NodeID, in target: GraphTarget) throws(Diagnostic) {
    while true {
      do throws(Diagnostic) {
        try target.inference.visit(id, in: &target.graph)
        for output in target.graph[id].outputs {
          guard let output, let rank = target.graph[output].type?.tensor?.rank else { continue }
          try ONNXVersions.check(rank: rank)
        }
        return
      } catch {
        guard error.id == "ir/type-conflict", let name = error.location.value,
          let value = target.graph.value(named: name),
          target.graph[value].type != nil
        else {
          guard branchDepth > 0, error.category == .invalidInput, error.id.hasPrefix("operator/") else { throw error }
          warnings.add(
            .warning(
              "onnx/branch", "\(error.message); the model can be run only where this branch of an If is not taken",
              at: error.location))
          return
        }
        target.graph.setType(nil, of: value)
        warnings.add(
          .warning(
            "onnx/declared-type", "\(error.message); the declared type is ignored", at: error.location,
            fix: "run onnx.shape_inference on the model, or remove its value_info"))
      }
    }
  }
}
