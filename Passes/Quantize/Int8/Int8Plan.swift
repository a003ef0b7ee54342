import LatheCalibration
import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Which nodes become INT8, and with which scales.
struct Int8Plan {
  /// Layers whose operand and weights are to be INT8.
  private(set) var layers: Set<NodeID> = []
  /// Attention on the INT8 results of one layer, by the value between them.
  private(set) var attentions: [ValueID: NodeID] = [:]
  /// Attention on INT8 results of three layers.
  private(set) var separateAttentions: Set<NodeID> = []
  /// Scales of activations, one for each part.
  private(set) var scales: [ValueID: [Float]] = [:]
  let isStatic: Bool

  let selection: NodeSelection

  init(_ graph: Graph, _ selection: NodeSelection, isStatic: Bool, _ outcome: inout PassOutcome) {
    self.isStatic = isStatic
    self.selection = selection
    for id in graph.order {
      guard let layer = Int8Layer(graph[id], graph) else { continue }
      if let reason = selection.refusal(of: id, in: graph) ?? layer.refusal(graph, isStatic: isStatic) {
        outcome.record(graph.describe(id), .declined(reason))
        continue
      }
      layers.insert(id)
    }
    for id in graph.order where isStatic {
      guard graph[id].op is FusedAttention else { continue }
      if let reason = selection.refusal(of: id, in: graph) ?? Self.refusal(ofAttention: id, graph, layers) {
        outcome.record(graph.describe(id), .declined(reason))
        continue
      }
      if graph[id].inputs.count > 2, graph[id].inputs[1] != nil {
        separateAttentions.insert(id)
      } else if let value = graph[id].inputs[0] {
        attentions[value] = id
      }
    }
    findOperands(graph)
  }

  private static func refusal(ofAttention id: NodeID, _ graph: Graph, _ layers: Set<NodeID>) -> String? {
    let node = graph[id]
    if node.inputs.count > 2, node.inputs[1] != nil {
      return Self.comesFromLayers(id, graph, layers) ? nil : "its operands do not all come from layers in INT8"
    }
    guard let value = node.inputs[0] else { return "it has no operand" }
    guard let producer = graph[value].producer, layers.contains(producer), let layer = graph[producer].op as? Linear,
      layer.activation == .none, graph[producer].inputs.count < 4 || graph[producer].inputs[3] == nil
    else { return "its operand does not come from a layer in INT8" }
    let bias = graph[producer].inputs.count > 2 ? graph[producer].inputs[2] : nil
    guard bias == nil || graph.constant(bias) != nil else { return "the bias of the layer before it is not constant" }
    guard graph[value].users == [id], !graph.isOutput(value) else { return "something else reads its operand" }
    return nil
  }

  private static func comesFromLayers(_ attention: NodeID, _ graph: Graph, _ layers: Set<NodeID>) -> Bool {
    graph[attention].inputs.prefix(3).allSatisfy { value in value.flatMap { graph[$0].producer }.map(layers.contains) ?? false }
  }

  /// Where ranges have to be seen on the samples.
  var points: [ObservationPoint] { operands.map { ObservationPoint($0, .ranges(parts: attentions[$0] == nil ? 1 : 3)) } }

  /// Values that are wanted in INT8, in the order of the graph.
  private(set) var operands: [ValueID] = []

  /// Chooses the scales; what has none stays in float.
  ///
  /// - Throws: `calibration/threshold` where a file has no threshold by the calibrator.
  mutating func choose(
    _ calibrator: Calibrator, _ seen: [(ObservationPoint, Observation)], _ graph: Graph, _ outcome: inout PassOutcome
  ) throws(Diagnostic) {
    for (point, observation) in seen {
      let parts = observation.ranges
      if let reason = parts.compactMap(\.degeneracy).first {
        refuse(point.value, reason, graph, &outcome)
        continue
      }
      scales[point.value] = try parts.map { (range) throws(Diagnostic) in
        if let threshold = range.threshold(calibrator), threshold > 0, threshold.isFinite { return threshold / 127 }
        throw .invalid(
          "calibration/threshold", "\(graph[point.value].name) has no threshold by \(calibrator.rawValue)",
          at: Location(value: graph[point.value].name), fix: "run lathe calibrate again, or write a positive number there")
      }
    }
    findOperands(graph)
  }

  /// Leaves in float what would read a value.
  private mutating func refuse(_ value: ValueID, _ reason: String, _ graph: Graph, _ outcome: inout PassOutcome) {
    if let attention = attentions.removeValue(forKey: value) {
      outcome.record(graph.describe(attention), .declined("\(graph[value].name) has no scale: \(reason)"))
    }
    for user in graph[value].users where separateAttentions.remove(user) != nil {
      outcome.record(graph.describe(user), .declined("\(graph[value].name) has no scale: \(reason)"))
    }
    for user in graph[value].users where layers.contains(user) && graph[user].inputs[0] == value {
      layers.remove(user)
      outcome.record(graph.describe(user), .declined("\(graph[value].name) has no scale: \(reason)"))
      // Attention behind the layer has lost its INT8 operand.
      for case let output? in graph[user].outputs {
        let behind = graph[output].users.filter { separateAttentions.remove($0) != nil } + [attentions.removeValue(forKey: output)].compactMap { $0 }
        for attention in behind { outcome.record(graph.describe(attention), .declined("its operand does not come from a layer in INT8")) }
      }
    }
  }

  /// The plan with fewer layers, and with attention only behind those.
  func restricted(to chosen: Set<NodeID>, _ graph: Graph) -> Int8Plan {
    var plan = self
    plan.layers.formIntersection(chosen)
    plan.attentions = attentions.filter { value, _ in graph[value].producer.map(plan.layers.contains) ?? false }
    plan.separateAttentions = separateAttentions.filter { Self.comesFromLayers($0, graph, plan.layers) }
    plan.findOperands(graph)
    return plan
  }

  /// Operands of linear layers, each once.
  func layerOperands(_ graph: Graph) -> [ValueID] {
    var known: Set<ValueID> = []
    return graph.order.filter { layers.contains($0) && graph[$0].op is Linear }.compactMap { graph[$0].inputs[0] }.filter { known.insert($0).inserted }
  }

  /// Looks for the values that are wanted in INT8.
  private mutating func findOperands(_ graph: Graph) {
    var known: Set<ValueID> = []
    operands = graph.order.flatMap { id -> [ValueID] in
      let count = separateAttentions.contains(id) ? 3 : layers.contains(id) || attentions.values.contains(id) ? 1 : 0
      return graph[id].inputs.prefix(count).compactMap { $0 }.filter { known.insert($0).inserted }
    }
  }
}
