import LatheIR
import LatheTensors

/// How many rows the tables have that a model's inputs are indices into.
public enum IndexBounds {
  /// Operators behind which a value is still the same indices.
  private static let carriers: Set<String> = [
    "Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Expand", "Transpose", "Slice", "Flatten", "PackedIDs",
  ]

  /// Rows by input, the fewest where there are several tables; inputs that are indices into nothing constant are missing.
  public static func rows(of graph: Graph) -> [String: Int] {
    var found: [String: Int] = [:]
    for input in graph.inputs {
      var (front, seen): ([ValueID], Set<ValueID>) = ([input], [input])
      while let value = front.popLast() {
        for user in Set(graph[value].users) {
          let node = graph[user]
          if let rows = rows(node, value, graph) { found[graph[input].name] = min(rows, found[graph[input].name] ?? rows) }
          guard carriers.contains(node.op.name.name), node.inputs.first == value else { continue }
          for output in node.outputs.compactMap({ $0 }) where seen.insert(output).inserted { front.append(output) }
        }
      }
    }
    return found
  }

  /// Rows of the table that the node looks rows up in by the value.
  private static func rows(_ node: Node, _ value: ValueID, _ graph: Graph) -> Int? {
    switch node.op.name.name {
    case "Gather", "CodedGather":
      guard node.inputs.count > 1, node.inputs[1] == value else { return nil }
      return graph.constant(node.inputs[0])?.shape.first
    case "EmbeddingNormalization":
      let tables = node.inputs.indices.filter { $0 > 2 && node.inputs[$0] == value }.compactMap { graph.constant(node.inputs[$0 - 1])?.shape.first }
      return tables.min()
    default: return nil
    }
  }
}
