import LatheIR
import LatheTensors

/// Gives extents of which nothing is known names, each its own, for as long as a pass looks at them: then a shape that was read can be
/// compared with the one it was read from.
struct ExtentNames {
  /// No symbol of the graph begins like this.
  private let prefix: String
  private var count = 0

  init(_ graph: Graph) {
    let symbols = graph.valueIDsInOrder.flatMap { graph[$0].type?.tensor?.shape?.flatMap(\.symbols) ?? [] }
    var prefix = "?"
    while symbols.contains(where: { $0.hasPrefix(prefix) }) { prefix += "?" }
    self.prefix = prefix
  }

  /// Names the unknown extents of a value.
  mutating func name(_ id: ValueID, in graph: inout Graph) {
    guard let type = graph[id].type?.tensor, var shape = type.shape, shape.contains(.unknown) else { return }
    for axis in shape.indices where shape[axis] == .unknown {
      shape[axis] = .symbol("\(prefix)\(count)")
      count += 1
    }
    graph.setType(.tensor(TensorType(type.dtype, shape)), of: id)
  }

  /// Makes every extent unknown again that was named, or computed from such a one.
  func remove(from graph: inout Graph) {
    for id in graph.valueIDsInOrder {
      guard let type = graph[id].type?.tensor, let shape = type.shape else { continue }
      let plain = shape.map { $0.symbols.contains { $0.hasPrefix(prefix) } ? Dimension.unknown : $0 }
      if plain != shape { graph.setType(.tensor(TensorType(type.dtype, plain)), of: id) }
    }
  }
}
