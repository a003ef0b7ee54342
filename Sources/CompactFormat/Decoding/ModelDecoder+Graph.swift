internal import CLatheProto
import LatheDiagnostics
import LatheIR
import LatheTensors

extension ModelDecoder {
  /// One graph; `depth` becomes the greatest depth of those it holds, plus 1.
  mutating func decode(_ message: Proto.Graph, _ depth: inout Int) throws(Diagnostic) -> Graph {
    try reader.checkFields(message.base)
    var graph = Graph(name: try reader.text(message.name))
    graph.annotations = try annotations(message.annotations)
    var values: [ValueID] = []
    for value in reader.list(message.n_inputs, message.inputs).map(\.pointee) {
      let name = try checkedName(value)
      let fallback = try reader.resolve(value.tensor, in: tensors, "tensor")
      let id = try graph.addInput(name, type: try type(value), defaultValue: fallback)
      try finish(id, value, &graph, &values)
    }
    for value in reader.list(message.n_captures, message.captures).map(\.pointee) {
      let id = try graph.addCapture(try checkedName(value, holdsTensor: false), type: try type(value))
      try finish(id, value, &graph, &values)
    }
    for value in reader.list(message.n_constants, message.constants).map(\.pointee) {
      let name = try checkedName(value)
      let id = try graph.addConstant(name, try reader.require(value.tensor, in: tensors, "tensor"))
      graph.setType(try type(value), of: id)
      try finish(id, value, &graph, &values)
    }
    for node in reader.list(message.n_nodes, message.nodes) { try append(node.pointee, &graph, &values, &depth) }
    var outputs: [ValueID] = []
    for output in reader.list(message.n_outputs, message.outputs) {
      outputs.append(try reader.require(output, in: values, "value"))
    }
    graph.setOutputs(outputs)
    return graph
  }

  private mutating func append(
    _ message: Proto.Node, _ graph: inout Graph, _ values: inout [ValueID], _ depth: inout Int
  ) throws(Diagnostic) {
    try reader.checkFields(message.base)
    let name = try reader.text(message.name)
    let op = try decodeOperator(message, node: name, &depth)
    var inputs: [ValueID?] = []
    for input in reader.list(message.n_inputs, message.inputs) {
      inputs.append(try reader.resolve(input, in: values, "value"))
    }
    var captures: [ValueID] = []
    for capture in reader.list(message.n_captures, message.captures) {
      captures.append(try reader.require(capture, in: values, "value"))
    }
    let outputs = reader.list(message.n_outputs, message.outputs).map(\.pointee)
    var names: [String?] = []
    for output in outputs { names.append(output.absent != 0 ? nil : try checkedName(output, holdsTensor: false)) }
    let id = try graph.addNode(
      op, inputs: inputs, captures: captures, outputs: names, name: name, provenance: try provenance(message.provenance)
    )
    graph[id].annotations = try annotations(message.annotations)
    for (value, output) in zip(graph[id].outputs, outputs) {
      guard let value else { continue }
      graph.setType(try type(output), of: value)
      try finish(value, output, &graph, &values)
    }
  }

  private mutating func decodeOperator(
    _ message: Proto.Node, node: String, _ depth: inout Int
  ) throws(Diagnostic) -> any Operator {
    let name = OperatorName(domain: try reader.text(message.domain), try reader.text(message.op))
    do throws(Diagnostic) {
      let attributes = try decode(reader.list(message.n_attributes, message.attributes), &depth)
      let version = Int(message.version)
      if let opaque = message.opaque?.pointee {
        try reader.checkFields(opaque.base)
        return OpaqueOperator(
          name: name, overload: try reader.text(opaque.overload), version: version, attributes: attributes)
      }
      if let known = catalog[name]?.schema.sinceVersion, known < version {
        throw Diagnostic.badCompactFile(
          "operator-version",
          "the file uses \(name) as of version \(version), but this Lathe knows that of version \(known)",
          at: reader.offset, fix: "use a newer version of Lathe")
      }
      return try catalog.decode(name, attributes)
        ?? OpaqueOperator(name: name, version: version, attributes: attributes)
    } catch {
      throw error.located(in: Location(byteOffset: reader.offset, node: node.isEmpty ? "\(name)" : "\(node) (\(name))"))
    }
  }

  private func checkedName(_ value: Proto.Value, holdsTensor: Bool = true) throws(Diagnostic) -> String {
    try reader.checkFields(value.base)
    let name = try reader.text(value.name)
    guard value.absent == 0 || !holdsTensor else { throw reader.fault("value", "a value of a graph is absent") }
    guard value.tensor == 0 || holdsTensor else {
      throw reader.fault("value", "%\(name) holds a tensor, but is neither input nor constant", value: name)
    }
    return name
  }

  private func type(_ value: Proto.Value) throws(Diagnostic) -> ValueType? {
    try reader.resolve(value.type, in: types, "type")
  }

  private func finish(
    _ id: ValueID, _ value: Proto.Value, _ graph: inout Graph, _ values: inout [ValueID]
  ) throws(Diagnostic) {
    graph[id].annotations = try annotations(value.annotations)
    values.append(id)
  }

  private func provenance(_ message: UnsafeMutablePointer<Proto.Provenance>?) throws(Diagnostic) -> Provenance {
    guard let message = message?.pointee else { throw reader.fault("provenance", "a node does not say who made it") }
    try reader.checkFields(message.base)
    let name = try reader.text(message.name)
    switch message.kind {
    case LATHE__COMPACT__PROVENANCE__KIND__SOURCE: return .source(name)
    case LATHE__COMPACT__PROVENANCE__KIND__PASS:
      return .pass(name, from: try reader.texts(message.n_from, message.from))
    default: throw reader.fault("provenance", "a node was made by the unknown kind \(message.kind.rawValue)")
    }
  }
}
