import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Rewrites the nodes of a plan, in the graph's order, so that each finds its operand in INT8 already.
struct Int8Rewriting {
  /// A value in INT8.
  struct Twin {
    let codes: ValueID
    /// One number, or one for each row.
    let scale: ValueID
  }

  let plan: Int8Plan
  let context: PassContext
  let quantization: WeightQuantization
  /// By the value in float.
  var twins: [ValueID: Twin] = [:]
  /// What the plan knows a value as that has taken another's place.
  var originals: [ValueID: ValueID] = [:]
  private var weights: [ValueID: (codes: ValueID, scale: ValueID)] = [:]

  init(_ plan: Int8Plan, _ quantization: WeightQuantization, _ context: PassContext) {
    self.plan = plan
    self.quantization = quantization
    self.context = context
  }

  mutating func run(on graph: inout Graph, _ outcome: inout PassOutcome) throws(Diagnostic) {
    for id in graph.order {
      let description = graph.describe(id)
      switch graph[id].op {
      case let op as Linear where plan.layers.contains(id):
        try rewrite(id, op, &graph)
        outcome.record(description, .done)
      case let op as Convolution where plan.layers.contains(id):
        try rewrite(id, op, &graph)
        outcome.record(description, .done)
      case let op as Conv where plan.layers.contains(id):
        try rewrite(id, Convolution(op), &graph)
        outcome.record(description, .done)
      case let op as PackedLSTM where plan.layers.contains(id):
        try rewriteRecurrent(id, as: QuantizedLSTM(op), &graph)
        outcome.record(description, .done)
      case let op as PackedGRU where plan.layers.contains(id):
        try rewriteRecurrent(id, as: QuantizedGRU(op), &graph)
        outcome.record(description, .done)
      case let op as FusedAttention where plan.separateAttentions.contains(id):
        try rewriteSeparate(id, op, &graph)
        outcome.record(description, .done)
      case let op as FusedAttention where plan.attentions.values.contains(id):
        try rewrite(id, op, &graph)
        outcome.record(description, .done)
      case let op as LayerNormalization where plan.isStatic: try rewrite(id, op, &graph)
      case let op as EmbeddingNormalization where plan.isStatic: try rewrite(id, op, &graph)
      default:
        guard plan.layers.contains(id) else { continue }
        throw Diagnostic("quantize/layer", .internalFault, "\(description) was planned, but nothing rewrites it")
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
    var bias = try corrected(node.inputs.count > 2 ? node.inputs[2] : nil, x, w, (codes, scale), &graph)
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
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    guard let x = node.inputs[0], let type = graph[x].type?.tensor, type.dtype == .float32, let rank = type.rank,
      op.axis == -1 || op.axis == rank - 1, node.outputs.count == 1
    else { return }
    let scale = node.inputs[1]
    guard isVector(scale, graph), bias == nil || isVector(bias, graph), !plan.selection.ignores(id, in: graph) else { return }
    try exchange(id, for: QuantizedNormalization(epsilon: op.epsilon), &graph, nil) { yScale in
      [x, nil, nil, nil, scale, bias, yScale]
    }
  }

  private mutating func rewrite(_ id: NodeID, _ op: EmbeddingNormalization, _ graph: inout Graph) throws(Diagnostic) {
    let inputs = graph[id].inputs
    guard let scale = inputs[0], graph[scale].type?.tensor?.dtype == .float32, !plan.selection.ignores(id, in: graph) else { return }
    try exchange(id, for: QuantizedEmbedding(op), &graph, nil) { yScale in [yScale] + inputs }
  }

  private func isVector(_ value: ValueID?, _ graph: Graph) -> Bool { value.flatMap { graph[$0].type?.tensor?.rank } == 1 }

  /// Puts an operator with outputs in float and INT8 in the place of a node with one in float; of the two, those that are read are produced.
  ///
  /// - Parameters:
  ///   - given: the scale of the INT8 output where it is not the plan's.
  ///   - hasChannels: whether the INT8 output may have a scale for each channel.
  mutating func exchange(
    _ id: NodeID, for op: any Operator, _ graph: inout Graph, _ given: ValueID?, hasChannels: Bool = true,
    _ inputs: (_ yScale: ValueID?) -> [ValueID?]
  ) throws(Diagnostic) {
    let (name, nodeName) = (graph[id].outputs[0].map { graph[$0].name } ?? "", graph[id].name)
    guard let y = graph[id].outputs[0] else { return }
    var scale = given
    let wanted = given == nil ? wanted(of: y, graph, hasChannels: hasChannels) : (y, [])
    if scale == nil, let wanted { scale = try numbers(wanted.scales, "\(name).scale", &graph) }
    let needsFloats = scale == nil || isReadAsFloats(y, graph)
    let outputs = [needsFloats ? graph.uniqueName("\(name).float") : nil, scale == nil ? nil : graph.uniqueName("\(name).int8")]
    let node = try graph.addNode(
      op, inputs: inputs(scale), outputs: outputs, name: nodeName, provenance: .pass(context.pass.rawValue, from: [graph.describe(id)]),
      before: id)
    try graph.inferTypes(of: node)
    if let wanted, let scale, graph[node].outputs.count > 1, let codes = graph[node].outputs[1] {
      // The operand of a constant for each channel times this value has one scale.
      let isScaled = wanted.operand != y
      twins[wanted.operand] = Twin(
        codes: codes, scale: isScaled ? try number(try self.scale(of: wanted.operand, graph), "\(name).operand.scale", &graph) : scale)
    }
    guard let new = graph[node].outputs[0] else {
      // Nobody reads the floats: whoever asks for the value in INT8 still knows it by the old id.
      return
    }
    graph.replaceAllUses(of: y, with: new)
    graph.removeNode(id)
    try graph.rename(new, to: name)
    originals[new] = y
    if let twin = twins[y] { twins[new] = twin }
  }

  /// The scale of an operand.
  ///
  /// - Throws: `quantize/scale` if none was chosen.
  func scale(of x: ValueID, _ graph: Graph) throws(Diagnostic) -> Float {
    if let scale = plan.scales[originals[x] ?? x]?.first { return scale }
    throw Diagnostic("quantize/scale", .internalFault, "\(graph[x].name) has no scale", at: Location(value: graph[x].name))
  }

  /// The operand in INT8 that a result gives, itself or itself times a constant for each channel, with the scales of the result for it.
  private func wanted(of y: ValueID, _ graph: Graph, hasChannels: Bool = true) -> (operand: ValueID, scales: [Float])? {
    guard plan.isStatic else { return nil }
    if plan.operands.contains(y), let scale = plan.scales[y]?.first { return (y, [scale]) }
    for user in graph[y].users where hasChannels {
      guard let z = graph[user].outputs.first.flatMap({ $0 }), plan.operands.contains(z), let scale = plan.scales[z]?.first,
        let scaling = ChannelScaling(of: z, graph), scaling.source == y
      else { continue }
      return (z, scaling.factors.map { scale / $0 })
    }
    return nil
  }

  /// Whether anything but operands of INT8 products reads a value.
  func isReadAsFloats(_ value: ValueID, _ graph: Graph) -> Bool {
    graph.isOutput(value)
      || graph[value].users.contains { user in
        if let z = graph[user].outputs.first.flatMap({ $0 }), wanted(of: value, graph)?.operand == z { return isReadAsFloats(z, graph) }
        if plan.separateAttentions.contains(user) { return graph[user].inputs.dropFirst(3).contains(value) }
        let isProduct = plan.layers.contains(user) || plan.attentions[value] == user
        return !isProduct || graph[user].operands.count { $0 == value } > 1 || graph[user].inputs[0] != value
      }
  }

  // MARK: - Values

  /// The value in INT8: what its producer gives, or what a node of its own makes of it.
  mutating func twin(of x: ValueID, before id: NodeID, _ graph: inout Graph) throws(Diagnostic) -> Twin {
    if let known = twins[x] { return known }
    let name = graph[x].name
    var made: Twin
    if let rows = try tableRows(x, before: id, &graph) {
      twins[x] = rows
      return rows
    }
    if plan.isStatic {
      let own = try scale(of: x, graph)
      let scale = try number(own, "\(name).scale", &graph)
      let scaling = ChannelScaling(of: x, graph)
      let scales = try scaling.map { (scaling) throws(Diagnostic) in
        try numbers(scaling.factors.map { own / $0 }, "\(name).scales", &graph)
      }
      let codes = try context.add(QuantizeRows(), [scaling?.source ?? x, scales ?? scale], to: &graph, replacing: [id])[0]
      made = Twin(codes: codes, scale: scale)
    } else {
      let scaling = ChannelScaling(of: x, graph)
      let factors = try scaling.map { (scaling) throws(Diagnostic) in try numbers(scaling.factors, "\(name).factors", &graph) }
      let operands = factors.map { [scaling?.source ?? x, nil, $0] } ?? [x]
      let outputs = try context.add(QuantizeRows(), operands, outputCount: 2, to: &graph, replacing: [id])
      made = Twin(codes: outputs[0], scale: outputs[1])
    }
    twins[x] = made
    return made
  }

  /// The weights in INT8 with the scale of each output, made once for all layers that share them.
  private mutating func quantizedWeights(_ w: ValueID, _ graph: inout Graph) throws(Diagnostic) -> (ValueID, ValueID) {
    if let known = weights[w] { return known }
    guard let tensor = graph.constant(w) else {
      throw Diagnostic("quantize/weights", .internalFault, "\(graph[w].name) is not constant")
    }
    let (codes, scales) = try quantization.quantized(tensor)
    let name = graph[w].name
    let made = (
      try graph.addConstant(graph.uniqueName("\(name).int8"), codes),
      try graph.addConstant(graph.uniqueName("\(name).scale"), scales)
    )
    weights[w] = made
    return made
  }

  /// The bias with what makes up for the rounding of weights, where that is asked for; the bias as it is where it is not constant.
  private func corrected(
    _ bias: ValueID?, _ x: ValueID, _ w: ValueID, _ made: (codes: ValueID, scale: ValueID), _ graph: inout Graph
  ) throws(Diagnostic) -> ValueID? {
    guard let means = quantization.means[originals[x] ?? x], !means.isEmpty, bias == nil || graph.constant(bias) != nil,
      let weights = graph.constant(w), let codes = graph.constant(made.codes), let scales = graph.constant(made.scale)
    else { return bias }
    guard means.count == weights.shape[0] else {
      throw .invalid(
        "calibration/channels", "\(means.count) channels of \(graph[x].name) were seen, but its weights have \(weights.shape[0]) rows",
        at: Location(value: graph[x].name), fix: "run lathe calibrate again, or leave correct-bias out")
    }
    let correction = WeightQuantization.lostMeans(means, weights, codes, scales)
    let own = bias.flatMap { graph.constant($0)?.elements(as: Float.self) }
    let sums = correction.enumerated().map { $1 + (own?[$0] ?? 0) }
    let name = bias.map { graph[$0].name } ?? "\(graph[w].name).bias"
    return try graph.addConstant(graph.uniqueName("\(name).corrected"), try Tensor(sums, shape: [sums.count]))
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

  /// One number, or one for each channel.
  private func numbers(_ values: [Float], _ name: String, _ graph: inout Graph) throws(Diagnostic) -> ValueID {
    guard values.count != 1 else { return try number(values[0], name, &graph) }
    return try graph.addConstant(graph.uniqueName(name), try Tensor(values, shape: [values.count]))
  }

  func number(_ value: Float, _ name: String, _ graph: inout Graph) throws(Diagnostic) -> ValueID {
    try graph.addConstant(graph.uniqueName(name), try Tensor.scalar(value))
  }
}
