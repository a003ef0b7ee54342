internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors

extension ModelReader {
  /// Puts the body of a function in the place of a node that calls it.
  ///
  /// - Parameter outputs: the call's outputs by position: their names in the file; nil where not used.
  func inline(
    _ function: FunctionTable.Proto, call node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, inputs: [ValueID?],
    outputs: [String?], in scope: Scope
  ) throws(Diagnostic) {
    let path = callPath(of: node, in: scope)
    let formalOutputs = try names(function.pointee.output, function.pointee.n_output)
    guard inputs.count <= function.pointee.n_input, outputs.count <= formalOutputs.count else {
      throw .invalid(
        "onnx/function-operands",
        "the call has \(inputs.count) inputs and \(outputs.count) outputs, but the function at most "
          + "\(function.pointee.n_input) and \(formalOutputs.count)",
        fix: "export the model again")
    }
    var wanted: [String: String] = [:]
    for (formal, output) in zip(formalOutputs, outputs) {
      if let output, wanted[formal] == nil { wanted[formal] = scope.graphName(of: output) }
    }
    let call = FunctionCall(
      attributes: try boundAttributes(function, node, in: scope), outputNames: wanted, scopeTarget: scope.target)
    let body = Scope(
      scope.target, parent: nil, operatorSets: try operatorSets(function, in: scope), call: call, prefix: path,
      path: path)
    for (index, formal) in try names(function.pointee.input, function.pointee.n_input).enumerated() {
      guard body.bindings.updateValue(.value(index < inputs.count ? inputs[index] : nil), forKey: formal) == nil else {
        throw .invalid(
          "onnx/duplicate-name", "two inputs of the function are named \(formal)", fix: "export the model again")
      }
    }
    let nodes = MessageList(function.pointee.node, function.pointee.n_node)
    try bindOutputs(of: nodes, in: body)
    try nested { () throws(Diagnostic) in
      for position in try NodeOrder(nodes, body, freeNames).positions() { try read(nodes[position], in: body) }
    }
    for (formal, output) in zip(formalOutputs, outputs) {
      guard let output else { continue }
      // A function may name one value as several of its outputs; the first has the value's name.
      let name = wanted.removeValue(forKey: formal) ?? scope.graphName(of: output)
      try bindResult(output, name, formal, body, in: scope)
    }
  }

  /// Binds an output of a call; a value of another name, such as a mere input, gets its name by an Identity.
  private func bindResult(
    _ output: String, _ name: String, _ formal: String, _ body: Scope, in scope: Scope
  ) throws(Diagnostic) {
    guard let id = try body.value(formal, for: scope.target) else {
      throw .invalid(
        "onnx/undefined-value", "the output \(output) is an input of the function that the call leaves out",
        at: Location(value: output), fix: "export the model again")
    }
    guard scope.target.graph[id].name != name else {
      scope.bindings[output] = .value(id)
      return
    }
    let copy = NodeDraft(
      OperatorName("Identity"), version: scope.operatorSets[""] ?? ONNXVersions.opset.upperBound, inputs: [id],
      outputs: [name],
      provenance: .source(body.location ?? ""))
    scope.bindings[output] = .value(try emit(copy, to: scope.target).first ?? nil)
  }

  /// Bytes of a path of calls; every name in the innermost body repeats it.
  private static let longestPath = 256

  /// The path of a call, which no other call has; it ends with a slash.
  private func callPath(of node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, in scope: Scope) -> String {
    let name = node.pointee.name.repairedText
    let full = scope.path + (name.isEmpty ? node.pointee.op_type.repairedText : name)
    let base = full.utf8.count <= Self.longestPath ? full : "…\(full.suffix(Self.longestPath / 2))"
    let number = callPaths[base, default: 0]
    callPaths[base] = number + 1
    return number == 0 ? "\(base)/" : "\(base)#\(number)/"
  }

  private func boundAttributes(
    _ function: FunctionTable.Proto, _ node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, in scope: Scope
  ) throws(Diagnostic) -> [String: BoundAttribute] {
    var known = Set(try names(function.pointee.attribute, function.pointee.n_attribute))
    var bound: [String: BoundAttribute] = [:]
    for proto in MessageList(function.pointee.attribute_proto, function.pointee.n_attribute_proto) {
      let name = try Self.text(proto.pointee.name, "an attribute's name")
      known.insert(name)
      // A default is a plain value, so it does not matter where it looks up names.
      bound[name] = BoundAttribute(proto: proto, scope: scope)
    }
    for proto in MessageList(node.pointee.attribute, node.pointee.n_attribute) {
      let name = try Self.text(proto.pointee.name, "an attribute's name")
      guard known.contains(name) else {
        throw .invalid(
          "onnx/function-attribute", "the function has no attribute \(name)",
          fix: known.isEmpty ? "it has none" : "it has \(known.sorted().joined(separator: ", "))")
      }
      if let given = try self.bound(proto, in: scope) { bound[name] = given }
    }
    return bound
  }

  /// The versions that the function's body is written in; for domains it does not mention, the caller's.
  private func operatorSets(_ function: FunctionTable.Proto, in scope: Scope) throws(Diagnostic) -> [String: Int] {
    let own = try OperatorSets.read(MessageList(function.pointee.opset_import, function.pointee.n_opset_import))
    return scope.operatorSets.merging(own) { $1 }
  }

  private func names(_ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int) throws(Diagnostic) -> [String] {
    var names: [String] = []
    for data in UnsafeBufferPointer(start: list, count: list == nil ? 0 : count) {
      names.append(try Self.text(data, "a name of a function"))
    }
    return names
  }
}
