import LatheIR
import LatheTensors

/// Draws a graph in Graphviz's language: a box a node, an edge a value with its type; constants are part of their readers' boxes.
struct GraphvizPrinter {
  func print(_ graph: Graph) -> String {
    var lines = ["digraph \(Self.quoted(graph.name)) {", "  node [shape=box, fontname=\"sans-serif\"];"]
    for id in graph.inputs { lines.append("  v\(id.index) [label=\(Self.quoted(graph[id].name)), shape=ellipse];") }
    for id in graph.order { append(id, graph, &lines) }
    for (position, id) in graph.outputs.enumerated() {
      lines.append("  o\(position) [label=\(Self.quoted(graph[id].name)), shape=ellipse];")
      lines.append("  \(source(id, graph)) -> o\(position)\(label(id, graph));")
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private func append(_ id: NodeID, _ graph: Graph, _ lines: inout [String]) {
    let node = graph[id]
    let constants = node.operands.filter { graph[$0].constant != nil }.map { operand in
      "@\(graph[operand].name): \(graph[operand].type.map(\.description) ?? "?")"
    }
    lines.append(
      "  n\(id.index) [label=\(Self.quoted(([node.op.name.description] + constants).joined(separator: "\n")))];")
    for operand in node.operands where graph[operand].constant == nil {
      lines.append("  \(source(operand, graph)) -> n\(id.index)\(label(operand, graph));")
    }
  }

  private func source(_ id: ValueID, _ graph: Graph) -> String {
    graph[id].producer.map { "n\($0.index)" } ?? "v\(id.index)"
  }

  private func label(_ id: ValueID, _ graph: Graph) -> String {
    graph[id].type.map { " [label=\(Self.quoted($0.description))]" } ?? ""
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }
}
