import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Layers that are not linear, and tables.
extension Int8Rewriting {
  mutating func rewrite(_ id: NodeID, _ op: Convolution, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    guard let x = node.inputs[0], let w = node.inputs[1] else { return }
    let twin = try twin(of: x, before: id, &graph)
    let (codes, scale) = try rows(of: w, axes: 1, &graph)
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    let residual = node.inputs.count > 3 ? node.inputs[3] : nil
    try exchange(id, for: QuantizedConvolution(op), &graph, nil, hasChannels: false) { yScale in
      [twin.codes, twin.scale, codes, scale, bias, residual, nil, yScale]
    }
  }

  /// Attention on the results of three layers.
  mutating func rewriteSeparate(_ id: NodeID, _ op: FusedAttention, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    var parts: [Twin] = []
    for case let value? in node.inputs.prefix(3) { parts.append(try twin(of: value, before: id, &graph)) }
    guard parts.count == 3 else { throw Diagnostic("quantize/attention", .internalFault, "\(graph.describe(id)) has lost an operand") }
    let mask = node.inputs.count > 3 ? node.inputs[3] : nil
    try exchange(id, for: QuantizedAttention(op), &graph, nil) { yScale in
      [parts[0].codes, parts[0].scale, parts[1].scale, parts[2].scale, mask, yScale, parts[1].codes, parts[2].codes]
    }
  }

  /// The hidden state is read as INT8 values of the scale 1/127, and so may be its sequence.
  mutating func rewriteRecurrent(_ id: NodeID, as op: any Operator, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    guard let x = node.inputs[0], let w = node.inputs[1], let r = node.inputs[2] else { return }
    let twin = try twin(of: x, before: id, &graph)
    let (weights, recurrence) = (try rows(of: w, axes: 2, &graph), try rows(of: r, axes: 2, &graph))
    let rest = node.inputs.dropFirst(3)
    let operands = [twin.codes, twin.scale, weights.codes, weights.scale, recurrence.codes, recurrence.scale] + rest
    let y = node.outputs[0]
    let isOperand = y.map { plan.isStatic && plan.operands.contains($0) } ?? false
    var names: [String?] = node.outputs.enumerated().map { position, output in
      guard let output else { return nil }
      let isRead = position == 0 && isOperand ? isReadAsFloats(output, graph) : graph.isOutput(output) || !graph[output].users.isEmpty
      return isRead ? graph.uniqueName("\(graph[output].name).float") : nil
    }
    // The INT8 values come behind all states in floats.
    let last = type(of: op).schema.outputs.count - 1
    if isOperand, let y { names += Array(repeating: nil, count: last - names.count) + [graph.uniqueName("\(graph[y].name).int8")] }
    let made = try graph.addNode(
      op, inputs: operands, outputs: names, name: node.name, provenance: .pass(context.pass.rawValue, from: [graph.describe(id)]), before: id)
    try graph.inferTypes(of: made)
    if isOperand, let y, let codes = graph[made].outputs[last] {
      twins[y] = Twin(codes: codes, scale: try number(1 / 127, "\(graph[y].name).scale", &graph))
    }
    try take(node.outputs, from: made, of: id, &graph)
  }

  /// Gives the readers and names of a node's outputs to those of another; the node stays where its first output is still to be read in INT8.
  private mutating func take(_ outputs: [ValueID?], from made: NodeID, of id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    for (old, new) in zip(outputs, graph[made].outputs) {
      guard let old, let new else { continue }
      let name = graph[old].name
      graph.replaceAllUses(of: old, with: new)
      try graph.rename(old, to: graph.uniqueName("\(name).replaced"))
      try graph.rename(new, to: name)
      originals[new] = old
      if let twin = twins[old] { twins[new] = twin }
    }
    guard outputs.allSatisfy({ old in old.map { graph[$0].users.isEmpty && !graph.isOutput($0) } ?? true }) else { return }
    graph.removeNode(id)
  }

  /// Weights in INT8 with a scale for each row.
  private func rows(of w: ValueID, axes: Int, _ graph: inout Graph) throws(Diagnostic) -> (codes: ValueID, scale: ValueID) {
    guard let tensor = graph.constant(w) else {
      throw Diagnostic("quantize/weights", .internalFault, "\(graph[w].name) is not constant")
    }
    let (codes, scales) = try quantization.quantizedRows(tensor, axes: axes)
    let name = graph[w].name
    return (
      try graph.addConstant(graph.uniqueName("\(name).int8"), codes), try graph.addConstant(graph.uniqueName("\(name).scale"), scales)
    )
  }

  /// Rows that are looked up in a table and read in INT8 alone, looked up in a table of INT8 values; nil for any other value.
  func tableRows(_ x: ValueID, before id: NodeID, _ graph: inout Graph) throws(Diagnostic) -> Twin? {
    guard let gather = graph[x].producer, let op = graph[gather].op as? Gather, op.axis == 0, let value = graph[gather].inputs[0],
      let ids = graph[gather].inputs[1], let table = graph.constant(value), table.dtype == .float32, table.rank == 2,
      graph[value].users == [gather], !graph.isOutput(value), !isReadAsFloats(x, graph), plan.selection.refusal(of: gather, in: graph) == nil,
      table.withElements(as: Float.self, { $0.allSatisfy(\.isFinite) })
    else { return nil }
    let name = graph[value].name
    let scale = plan.isStatic ? try Tensor.scalar(try self.scale(of: x, graph)) : nil
    let made = try QuantizeRows().evaluate([table, scale])
    let codes = try graph.addConstant(graph.uniqueName("\(name).int8"), made[0])
    let factors = try graph.addConstant(graph.uniqueName("\(name).scale"), scale ?? made[1])
    let rows = try context.add(Gather(axis: 0), [codes, ids], to: &graph, replacing: [gather])[0]
    if plan.isStatic { return Twin(codes: rows, scale: factors) }
    return Twin(codes: rows, scale: try context.add(Gather(axis: 0), [factors, ids], to: &graph, replacing: [gather])[0])
  }
}
