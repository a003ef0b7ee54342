import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheReports
import LatheTensors
import OrderedCollections

/// What `lathe inspect` says of a model.
struct ModelSummary {
  private let model: Model
  private let path: String
  private let format: String
  private let record: JSONValue?

  init(_ loaded: ModelLoader.Loaded, path: String) throws(Diagnostic) {
    model = loaded.model
    format = loaded.format
    self.path = path
    record = try model.record.map { (text) throws(Diagnostic) in try JSONValue.parse(Array(text.utf8), file: path) }
  }

  /// Operators by number of nodes, most first, then by name.
  private var operators: [(name: String, count: Int, isKnown: Bool)] {
    var counts: [String: (count: Int, isKnown: Bool)] = [:]
    Self.count(model.graph, &counts)
    return counts.map { ($0.key, $0.value.count, $0.value.isKnown) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  private static func count(_ graph: Graph, _ counts: inout [String: (count: Int, isKnown: Bool)]) {
    for id in graph.order {
      let op = graph[id].op
      counts[op.name.description, default: (0, !(op is OpaqueOperator))].count += 1
      for subgraph in graph.subgraphs(of: id) { count(subgraph, &counts) }
    }
  }

  private var kind: String {
    switch format {
    case "lathe": ".lathe file"
    case "folder": "folder of a checkpoint"
    case "weights": "dump of a checkpoint"
    default: "ONNX model"
    }
  }

  var text: String {
    let graph = model.graph
    var lines = ["\(DiagnosticRenderer.printable(path)): \(kind)", ""]
    lines += ["inputs"] + graph.inputs.map { line($0, graph) }
    lines += ["outputs"] + graph.outputs.map { line($0, graph) }
    lines += facts.map { name, value in "\(name): \(value)" }
    var table = TextTable([("operator", .left), ("nodes", .right)])
    for op in operators { table.append([op.isKnown ? op.name : "\(op.name) (cannot be run)", String(op.count)]) }
    var result = lines.joined(separator: "\n") + "\n\n" + table.render()
    if let record { result += "\nrecord\n" + record.serialized(pretty: true) + "\n" }
    return result
  }

  private func line(_ id: ValueID, _ graph: Graph) -> String {
    let value = graph[id]
    let fallback = value.defaultValue == nil ? "" : " (has a default)"
    return
      "  \(DiagnosticRenderer.printable(value.name)): \(DiagnosticRenderer.printable(value.type.map(\.description) ?? "?"))\(fallback)"
  }

  private var facts: [(String, String)] {
    let size = (model.graph.totalNodeCount, model.graph.parameterCount, model.graph.constantByteCount)
    var list = [
      ("nodes", NumberFormat.grouped(size.0)), ("parameters", NumberFormat.grouped(size.1)),
      ("weights", "\(NumberFormat.grouped(size.2)) bytes"),
    ]
    let metadata = model.metadata
    if !metadata.operatorSets.isEmpty {
      list.append(
        ("operator sets", metadata.operatorSets.map { "\($0.isEmpty ? "ai.onnx" : $0) \($1)" }.joined(separator: ", ")))
    }
    if let version = metadata.irVersion { list.append(("IR version", String(version))) }
    if !metadata.producerName.isEmpty {
      list.append(("producer", "\(metadata.producerName) \(metadata.producerVersion)"))
    }
    if let text = model.text {
      if !text.vocabulary.isEmpty {
        list.append(("vocabulary", "\(NumberFormat.grouped(text.vocabulary.count { $0 == 10 })) tokens"))
      }
      if !text.labels.isEmpty { list.append(("labels", text.labels.joined(separator: ", "))) }
    }
    for (key, value) in metadata.annotations.metadata { list.append((key, value)) }
    return list.map { (DiagnosticRenderer.printable($0.0), DiagnosticRenderer.printable($0.1)) }
  }

  var json: JSONValue {
    let graph = model.graph
    var object: OrderedDictionary<String, JSONValue> = [
      "format": .string(format),
      "inputs": .array(graph.inputs.map { describe($0, graph) }),
      "outputs": .array(graph.outputs.map { describe($0, graph) }),
      "nodes": .integer(Int64(graph.totalNodeCount)),
      "parameters": .integer(Int64(graph.parameterCount)),
      "weight_bytes": .integer(Int64(graph.constantByteCount)),
      "operators": .object(OrderedDictionary(operators.map { ($0.name, .integer(Int64($0.count))) }) { $1 }),
      "unsupported": .array(operators.filter { !$0.isKnown }.map { .string($0.name) }),
    ]
    let metadata = model.metadata
    object["operator_sets"] = .object(
      OrderedDictionary(metadata.operatorSets.map { ($0.isEmpty ? "ai.onnx" : $0, .integer(Int64($1))) }) { $1 })
    object["ir_version"] = metadata.irVersion.map { .integer(Int64($0)) } ?? .null
    object["producer"] = .string(metadata.producerName)
    object["metadata"] = .object(OrderedDictionary(metadata.annotations.metadata.map { ($0, .string($1)) }) { $1 })
    object["labels"] = .array((model.text?.labels ?? []).map { .string($0) })
    object["has_vocabulary"] = .bool(!(model.text?.vocabulary.isEmpty ?? true))
    object["record"] = record ?? .null
    return .object(object)
  }

  private func describe(_ id: ValueID, _ graph: Graph) -> JSONValue {
    let value = graph[id]
    let type = value.type?.tensor
    let shape: JSONValue =
      type?.shape.map { .array($0.map { $0.known.map { .integer(Int64($0)) } ?? .string($0.description) }) } ?? .null
    return [
      "name": .string(value.name), "type": value.type.map { .string($0.description) } ?? .null,
      "dtype": type.map { .string($0.dtype.name) } ?? .null, "shape": shape,
    ]
  }
}
