import LatheDiagnostics
import LatheIR
import LatheTensors

/// Operators that hold graphs.
extension Upgrades {
  /// Scan of version 8 had a batch axis, in front, of its own: it is a Scan over that axis of the Scan over the next.
  ///
  ///     Scan { body }        →    Scan { %… = Scan { body } }
  static func scan(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard draft.input(0) == nil else {
      return context.reader.keep(&draft, because: "sequences of different lengths have no newer form")
    }
    let inputs = Array(draft.inputs.dropFirst())
    let captures = draft.captures["body"]?.first ?? []
    guard let body = try draft.attributes.graph("body"), inputs.count == body.inputs.count,
      inputs.allSatisfy({ $0 != nil })
    else {
      return context.reader.keep(&draft, because: "its inputs are not those of its body")
    }
    var inner = draft.attributes
    inner["scan_input_directions"] = inner["directions"]
    inner["directions"] = nil
    guard let op = try context.reader.catalog.decode(draft.name, inner) else { return }

    var graph = Graph(name: body.name)
    var entries: [ValueID] = []
    for (position, input) in inputs.enumerated() {
      entries.append(try graph.addInput("entry_\(position)", type: context.entryType(input)))
    }
    var outer: [ValueID] = []
    for (position, source) in captures.enumerated() {
      outer.append(try graph.addCapture("captured_\(position)", type: context.target.graph[source].type))
    }
    let names = body.outputs.indices.map { "result_\($0)" }
    let node = try graph.addNode(op, inputs: entries, captures: outer, outputs: names, provenance: draft.provenance)
    graph.setOutputs(graph[node].outputs.compactMap { $0 })

    draft.attributes = Attributes()
    draft.attributes.set("body", graph)
    draft.attributes.set("num_scan_inputs", inputs.count)
    draft.inputs = inputs
  }
}

extension UpgradeContext {
  /// The type of one entry of a value's first axis.
  fileprivate func entryType(_ id: ValueID?) -> ValueType? {
    guard let type = type(of: id) else { return nil }
    return .tensor(TensorType(type.dtype, type.shape.map { Array($0.dropFirst()) }))
  }
}
