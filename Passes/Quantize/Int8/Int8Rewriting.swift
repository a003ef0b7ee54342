import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Rewrites the nodes of a plan, in the graph's order, so that each finds its operand in INT8 already.
struct Int8Rewriting {
  /// A value in INT8.
  private struct Twin {
    let codes: ValueID
    /// One number, or one for each row.
    let scale: ValueID
  }

  private let plan: Int8Plan
  private let context: PassContext
  /// By the value in float.
  private var twins: [ValueID: Twin] = [:]
  private var weights: [ValueID: (codes: ValueID, scale: ValueID)] = [:]

  init(_ plan: Int8Plan, _ context: PassContext) {
    self.plan = plan
    self.context = context
  }

  mutating func run(on graph: inout Graph, _ outcome: inout PassOutcome) throws(Diagnostic) {
    for id in graph.order {
      let description = graph.describe(id)
      switch graph[id].op {
      case let op as Linear where plan.layers.contains(id):
        try rewrite(id, op, &graph)
        outcome.record(description, .done)
      case let op as FusedAttention where plan.attentions.values.contains(id):
        try rewrite(id, op, &graph)
        outcome.record(description, .done)
      case let op as LayerNormalization where plan.isStatic: try rewrite(id, op, &graph)
      case let op as EmbeddingNormalization where plan.isStatic: try rewrite(id, op, &graph)
      default: break
      }
    }
    graph.removeUnread(graph.order)
    for id in graph.valueIDsInOrder where graph[id].constant != nil && graph[id].users.isEmpty && !graph.isOutput(id) {
      graph.removeValue(id)
    }
  }

  // MARK: - Nodes

  private mutating func rewrite(_ id: NodeID, _ op: Linear, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    guard let x = node.inputs[0], let w = node.inputs[1], let y = node.outputs[0] else { return }
    let twin = try twin(of: x, before: id, &graph)
    let (codes, perColumn) = try quantizedWeights(w, &graph)
    var scale = perColumn
    var bias = node.inputs.count > 2 ? node.inputs[2] : nil
    let residual = node.inputs.count > 3 ? node.inputs[3] : nil
    var yScale: ValueID?
    if plan.attentions[y] != nil, let parts = plan.scales[y] {
      // Each part of the result has its own scale, which goes into the weights' and the bias.
      scale = try divided(scale, by: parts, &graph)
      bias = try bias.map { (value) throws(Diagnostic) in try divided(value, by: parts, &graph) }
      yScale = try number(1, "\(graph[y].name).scale", &graph)
    }
    try exchange(id, for: QuantizedLinear(activation: op.activation), &graph, yScale) { yScale in
      [twin.codes, twin.scale, codes, scale, bias, residual, nil, yScale]
    }
  }

  private mutating func rewrite(_ id: NodeID, _ op: FusedAttention, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    guard let x = node.inputs[0], let twin = twins[x], let scales = plan.scales[x], scales.count == 3 else {
      throw Diagnostic("quantize/attention", .internalFault, "\(graph.describe(id)) has lost its INT8 operand")
    }
    var parts: [ValueID?] = []
    for (name, scale) in zip(["q", "k", "v"], scales) { parts.append(try number(scale, "\(graph[x].name).\(name).scale", &graph)) }
    let mask = node.inputs.count > 3 ? node.inputs[3] : nil
    try exchange(id, for: QuantizedAttention(op), &graph, nil) { yScale in [twin.codes] + parts + [mask, yScale] }
  }

  private mutating func rewrite(_ id: NodeID, _ op: LayerNormalization, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    guard let x = node.inputs[0], let type = graph[x].type?.tensor, type.dtype == .float32, let rank = type.rank,
      op.axis == -1 || op.axis == rank - 1, node.outputs.count == 1
    else { return }
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    let scale = node.inputs[1]
    try exchange(id, for: QuantizedNormalization(epsilon: op.epsilon), &graph, nil) { yScale in
      [x, nil, nil, nil, scale, bias, yScale]
    }
  }

  private mutating func rewrite(_ id: NodeID, _ op: EmbeddingNormalization, _ graph: inout Graph) throws(Diagnostic) {
    let inputs = graph[id].inputs
    guard let scale = inputs[0], graph[scale].type?.tensor?.dtype == .float32 else { return }
    try exchange(id, for: QuantizedEmbedding(op), &graph, nil) { yScale in [yScale] + inputs }
  }

  /// Puts an operator with outputs in float and INT8 in the place of a node with one in float; of the two, those that are read are produced.
  ///
  /// - Parameter given: the scale of the INT8 output where it is not the plan's.
  private mutating func exchange(
    _ id: NodeID, for op: any Operator, _ graph: inout Graph, _ given: ValueID?, _ inputs: (_ yScale: ValueID?) -> [ValueID?]
  ) throws(Diagnostic) {
    let (name, nodeName) = (graph[id].outputs[0].map { graph[$0].name } ?? "", graph[id].name)
    guard let y = graph[id].outputs[0] else { return }
    var scale = given
    if scale == nil, plan.isStatic, plan.operands.contains(y), let own = plan.scales[y]?.first {
      scale = try number(own, "\(name).scale", &graph)
    }
    let needsFloats = scale == nil || isReadAsFloats(y, graph)
    let outputs = [needsFloats ? graph.uniqueName("\(name).float") : nil, scale == nil ? nil : graph.uniqueName("\(name).int8")]
    let node = try graph.addNode(
      op, inputs: inputs(scale), outputs: outputs, name: nodeName, provenance: .pass(context.pass.rawValue, from: [graph.describe(id)]),
      before: id)
    try graph.inferTypes(of: node)
    let codes = graph[node].outputs.count > 1 ? graph[node].outputs[1] : nil
    guard let new = graph[node].outputs[0] else {
      // Nobody reads the floats: whoever asks for the value in INT8 still knows it by the old id.
      if let codes, let scale { twins[y] = Twin(codes: codes, scale: scale) }
      return
    }
    graph.replaceAllUses(of: y, with: new)
    graph.removeNode(id)
    try graph.rename(new, to: name)
    if let codes, let scale { twins[new] = Twin(codes: codes, scale: scale) }
  }

  /// Whether anything but operands of INT8 products reads a value.
  private func isReadAsFloats(_ value: ValueID, _ graph: Graph) -> Bool {
    graph.isOutput(value)
      || graph[value].users.contains { user in
        let isProduct = plan.layers.contains(user) || plan.attentions[value] == user
        return !isProduct || graph[user].operands.count { $0 == value } > 1 || graph[user].inputs[0] != value
      }
  }

  // MARK: - Values

  /// The value in INT8: what its producer gives, or what a node of its own makes of it.
  private mutating func twin(of x: ValueID, before id: NodeID, _ graph: inout Graph) throws(Diagnostic) -> Twin {
    if let known = twins[x] { return known }
    let name = graph[x].name
    var made: Twin
    if plan.isStatic {
      let scale = try number(plan.scales[x]?.first ?? 1, "\(name).scale", &graph)
      made = Twin(codes: try context.add(QuantizeRows(), [x, scale], to: &graph, replacing: [id])[0], scale: scale)
    } else {
      let outputs = try context.add(QuantizeRows(), [x], outputCount: 2, to: &graph, replacing: [id])
      made = Twin(codes: outputs[0], scale: outputs[1])
    }
    twins[x] = made
    return made
  }

  /// The weights in INT8 with the scale of each output, made once for all layers that share them.
  private mutating func quantizedWeights(_ w: ValueID, _ graph: inout Graph) throws(Diagnostic) -> (ValueID, ValueID) {
    if let known = weights[w] { return known }
    guard let tensor = graph.constant(w), let values = tensor.elements(as: Float.self) else {
      throw Diagnostic("quantize/weights", .internalFault, "\(graph[w].name) is not constant")
    }
    let columns = tensor.shape[1]
    var most = [Float](repeating: 0, count: columns)
    for (index, value) in values.enumerated() { most[index % columns] = max(most[index % columns], abs(value)) }
    let codes = values.enumerated().map { index, value -> Int8 in
      let largest = most[index % columns]
      return largest == 0 ? 0 : Int8((value / (largest / 127)).rounded(.toNearestOrEven).clamped(to: -127...127))
    }
    let scales = most.map { $0 == 0 ? 1 : $0 / 127 }
    let name = graph[w].name
    let made = (
      try graph.addConstant(graph.uniqueName("\(name).int8"), try Tensor(codes, shape: tensor.shape)),
      try graph.addConstant(graph.uniqueName("\(name).scale"), try Tensor(scales, shape: [columns]))
    )
    weights[w] = made
    return made
  }

  /// A vector whose equal parts are divided by a number each.
  private func divided(_ vector: ValueID, by parts: [Float], _ graph: inout Graph) throws(Diagnostic) -> ValueID {
    guard let values = graph.constant(vector)?.elements(as: Float.self) else {
      throw Diagnostic("quantize/attention", .internalFault, "\(graph[vector].name) is not constant")
    }
    let length = values.count / parts.count
    let quotients = values.enumerated().map { $1 / parts[min(parts.count - 1, $0 / max(1, length))] }
    return try graph.addConstant(graph.uniqueName("\(graph[vector].name).parts"), try Tensor(quotients, shape: [values.count]))
  }

  private func number(_ value: Float, _ name: String, _ graph: inout Graph) throws(Diagnostic) -> ValueID {
    try graph.addConstant(graph.uniqueName(name), try Tensor.scalar(value))
  }
}

extension Float {
  fileprivate func clamped(to range: ClosedRange<Float>) -> Float { min(max(self, range.lowerBound), range.upperBound) }
}
