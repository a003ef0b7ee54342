import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

extension ShapeWalk {
  /// Readers that are looked at before an Expand is given up.
  private static let longestSearch = 64

  /// Lets the readers of an Expand, or of a ConstantOfShape, read the smaller value that it repeats, if all of them broadcast it.
  mutating func shrink(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    guard let output = graph[id].outputs.first ?? nil, !graph[output].users.isEmpty else { return }
    let smaller: ValueType
    switch graph[id].op {
    case is Expand:
      guard let input = graph[id].inputs.first ?? nil, let type = graph[input].type else { return }
      smaller = type
    case let op as ConstantOfShape: smaller = .tensor(TensorType(op.value?.dtype ?? .float32, []))
    default: return
    }
    let description = graph.describe(id)
    var changes: [ValueID: ValueType] = [output: smaller]
    if let reason = obstacle(&changes, from: output, graph) {
      outcome.record(description, .declined(reason))
      return
    }
    let value: ValueID
    if let op = graph[id].op as? ConstantOfShape {
      var tensor = try Tensor.scalar(Float(0))
      if let given = op.value { tensor = try given.reshaped(to: []) }
      value = try graph.addConstant(graph.uniqueName("\(graph[output].name).value"), tensor)
    } else if let input = graph[id].inputs.first ?? nil {
      value = input
    } else {
      return
    }
    changes[output] = nil
    for (changed, type) in changes { graph.setType(type, of: changed) }
    graph.replaceAllUses(of: output, with: value)
    loose.append(id)
    outcome.record(description, .done)
  }

  /// Why some reader needs the repeated elements; on success, `changes` holds the smaller types of what is computed on the way to the
  /// readers that broadcast it.
  private func obstacle(_ changes: inout [ValueID: ValueType], from start: ValueID, _ graph: Graph) -> String? {
    var waiting = [start]
    var steps = 0
    while let value = waiting.popLast() {
      if graph.isOutput(value) { return "%\(graph[value].name), which depends on it, is an output" }
      for user in Set(graph[value].users) {
        steps += 1
        guard steps <= Self.longestSearch else { return "too much depends on it" }
        guard let output = graph[user].outputs.first ?? nil, graph[user].outputs.count == 1, moves(value, through: user, changes, graph),
          let type = inferred(user, changes, graph), !type.hasUnknownExtents
        else { return "\(graph.describe(user)) needs its extents" }
        if type == graph[output].type, changes[output] == nil { continue }
        guard type != changes[output] else { continue }
        if type == graph[output].type { return "\(graph.describe(user)) joins several ways" }
        changes[output] = type
        waiting.append(output)
      }
    }
    return nil
  }

  /// Whether the node does the same to a smaller operand that broadcasts to what it reads now.
  private func moves(_ value: ValueID, through id: NodeID, _ changes: [ValueID: ValueType], _ graph: Graph) -> Bool {
    let node = graph[id]
    guard !node.captures.contains(value) else { return false }
    if node.op is any Elementwise { return true }
    let keepsRank = changes[value]?.tensor?.rank == graph[value].type?.tensor?.rank
    switch node.op {
    case let gather as Gather: return node.inputs[0] != value && (gather.axis == 0 || keepsRank)
    case is Unsqueeze, is Transpose: return node.inputs[0] == value && keepsRank
    default: return false
    }
  }

  private func inferred(_ id: NodeID, _ changes: [ValueID: ValueType], _ graph: Graph) -> ValueType? {
    var operands: [Operand?] = []
    for input in graph[id].inputs {
      guard let input else {
        operands.append(nil)
        continue
      }
      if let type = changes[input] {
        operands.append(Operand(type: type))
      } else {
        guard let operand = inference.operand(input, in: graph) else { return nil }
        operands.append(operand)
      }
    }
    return (try? graph[id].op.infer(operands))?.first
  }
}

extension ValueType {
  fileprivate var hasUnknownExtents: Bool { tensor?.shape?.contains(.unknown) ?? true }
}
