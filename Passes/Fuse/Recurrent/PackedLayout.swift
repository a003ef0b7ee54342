import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Puts the outputs of a packed recurrent layer where those of ONNX's are read.
struct PackedLayout {
  let directions: Int
  let hidden: Int
  /// Whether ONNX's layer had the batch first.
  let isBatchFirst: Bool

  /// Replaces one output of ONNX's layer, or what its readers make of it where that is the packed output already.
  ///
  /// - Returns: nodes that may be unread now, readers first.
  func replace(
    _ old: ValueID, _ position: Int, by packed: ValueID, _ layer: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> [NodeID] {
    let merged = position == 0 ? mergedSteps(old, graph) : mergedStates(old, graph)
    if let merged {
      let isTimeMajor = position == 0 && !isBatchFirst
      let value = isTimeMajor ? try add(Transpose(permutation: [1, 0, 2]), packed, layer, &graph, context) : packed
      // A value that this pass made and nothing else reads can take any name, so this is never refused.
      if try context.substitute(value, for: merged.value, in: &graph) == nil { return merged.nodes }
    }
    let value = position == 0 ? try steps(packed, layer, &graph, context) : try states(packed, layer, &graph, context)
    let name = graph[old].name
    graph.replaceAllUses(of: old, with: value)
    try graph.rename(old, to: graph.uniqueName("\(name).unpacked"))
    try graph.rename(value, to: name)
    return []
  }

  /// ONNX's Y with its directions side by side, if that is all that becomes of it: [steps, batch, directions · hidden].
  private func mergedSteps(_ old: ValueID, _ graph: Graph) -> (value: ValueID, nodes: [NodeID])? {
    guard let first = graph.onlyUser(of: old), let value = graph.result(first) else { return nil }
    if directions == 1, isDropped(axis: isBatchFirst ? 2 : 1, by: first, graph) { return (value, [first]) }
    var (source, nodes) = (value, [first])
    if isBatchFirst {
      (source, nodes) = (old, [])
    } else {
      guard (graph[first].op as? Transpose)?.permutation == [0, 2, 1, 3] else { return nil }
    }
    guard let second = graph.onlyUser(of: source), graph[second].op is Reshape, let result = graph.result(second),
      let before = graph.shape(source), let after = graph.shape(result), before.count == 4, after.count == 3,
      Array(after[..<2]).isProvablyEqual(to: Array(before[..<2]))
    else { return nil }
    return (result, [second] + nodes)
  }

  /// ONNX's state with its directions side by side, if that is all that becomes of it: [batch, directions · hidden].
  private func mergedStates(_ old: ValueID, _ graph: Graph) -> (value: ValueID, nodes: [NodeID])? {
    guard !graph.isOutput(old), !isBatchFirst else { return nil }
    if directions == 1 {
      guard let only = graph.onlyUser(of: old), let value = graph.result(only) else { return nil }
      return isDropped(axis: 0, by: only, graph) || row(only, graph) == 0 ? (value, [only]) : nil
    }
    let users = graph[old].users
    guard users.count == 2, Set(users.compactMap { row($0, graph) }) == [0, 1] else { return nil }
    let rows = users.sorted { row($0, graph) ?? 0 < row($1, graph) ?? 0 }.compactMap { graph.result($0) }
    guard rows.count == 2, let joint = graph.onlyUser(of: rows[0]), graph.onlyUser(of: rows[1]) == joint,
      let concat = graph[joint].op as? Concat, concat.axis == -1 || concat.axis == 1, graph[joint].inputs == rows,
      let value = graph.result(joint)
    else { return nil }
    return (value, [joint] + users)
  }

  /// The direction that a Gather of one row takes.
  private func row(_ id: NodeID, _ graph: Graph) -> Int? {
    guard let gather = graph[id].op as? Gather, gather.axis == 0, let indices = graph.constant(graph.input(1, of: id)),
      indices.rank == 0, let index = indices.integers()?.first
    else { return nil }
    return index < 0 ? index + directions : index
  }

  private func isDropped(axis: Int, by id: NodeID, _ graph: Graph) -> Bool {
    graph[id].op is Squeeze && graph.constant(graph.input(1, of: id))?.integers() == [axis]
  }

  /// Y in ONNX's own layout.
  private func steps(
    _ packed: ValueID, _ layer: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> ValueID {
    let split = try reshape(packed, [0, 0, directions, hidden], layer, &graph, context)
    return isBatchFirst ? split : try add(Transpose(permutation: [1, 2, 0, 3]), split, layer, &graph, context)
  }

  /// A state in ONNX's own layout.
  private func states(
    _ packed: ValueID, _ layer: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> ValueID {
    let split = try reshape(packed, [0, directions, hidden], layer, &graph, context)
    return isBatchFirst ? split : try add(Transpose(permutation: [1, 0, 2]), split, layer, &graph, context)
  }

  private func reshape(
    _ value: ValueID, _ shape: [Int], _ layer: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> ValueID {
    let target = try graph.addConstant(graph.uniqueName("shape"), try Tensor(shape.map { Int64($0) }, shape: [shape.count]))
    return try context.add(Reshape(), [value, target], to: &graph, before: layer, replacing: [layer])
  }

  private func add(
    _ op: any Operator, _ value: ValueID, _ layer: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> ValueID {
    try context.add(op, [value], to: &graph, before: layer, replacing: [layer])
  }
}
