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
  /// Scales of activations, one for each part.
  private(set) var scales: [ValueID: [Float]] = [:]
  let isStatic: Bool

  init(_ graph: Graph, _ selection: NodeSelection, isStatic: Bool, _ outcome: inout PassOutcome) {
    self.isStatic = isStatic
    for id in graph.order {
      guard graph[id].op is Linear else { continue }
      if let reason = selection.refusal(of: id, in: graph) ?? Self.refusal(ofLayer: graph[id], graph) {
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
      if let value = graph[id].inputs[0] { attentions[value] = id }
    }
    findOperands(graph)
  }

  /// Why a layer cannot be INT8, or nil if it can.
  private static func refusal(ofLayer node: Node, _ graph: Graph) -> String? {
    guard let weights = graph.constant(node.inputs[1]), weights.dtype == .float32 else { return "its weights are not constant floats" }
    guard weights.shape[0] <= 131_071 else { return "sums of \(weights.shape[0]) products do not fit 32 bits" }
    let isFinite = weights.withElements(as: Float.self) { $0.allSatisfy(\.isFinite) }
    return isFinite ? nil : "its weights are not all finite"
  }

  private static func refusal(ofAttention id: NodeID, _ graph: Graph, _ layers: Set<NodeID>) -> String? {
    let node = graph[id]
    guard node.inputs.count < 2 || node.inputs[1] == nil, let value = node.inputs[0] else { return "its operands are not side by side" }
    guard let producer = graph[value].producer, layers.contains(producer), let layer = graph[producer].op as? Linear,
      layer.activation == .none, graph[producer].inputs.count < 4 || graph[producer].inputs[3] == nil
    else { return "its operand does not come from a layer in INT8" }
    let bias = graph[producer].inputs.count > 2 ? graph[producer].inputs[2] : nil
    guard bias == nil || graph.constant(bias) != nil else { return "the bias of the layer before it is not constant" }
    guard graph[value].users == [id], !graph.isOutput(value) else { return "something else reads its operand" }
    return nil
  }

  /// What has to be seen on the samples.
  var points: [ObservationPoint] { operands.map { ObservationPoint($0, parts: attentions[$0] == nil ? 1 : 3) } }

  /// Values that are wanted in INT8, in the order of the graph.
  private(set) var operands: [ValueID] = []

  /// Chooses the scales; what has none stays in float.
  mutating func choose(
    _ calibrator: Calibrator, _ seen: [ObservationPoint: [ActivationStatistics]], _ graph: Graph, _ outcome: inout PassOutcome
  ) throws(Diagnostic) {
    for point in points {
      guard let parts = seen[point] else { continue }
      if let reason = parts.compactMap(\.degeneracy).first {
        refuse(point.value, reason, graph, &outcome)
      } else {
        scales[point.value] = parts.map { calibrator.threshold($0) / 127 }
      }
    }
    findOperands(graph)
  }

  /// Leaves in float what would read a value.
  private mutating func refuse(_ value: ValueID, _ reason: String, _ graph: Graph, _ outcome: inout PassOutcome) {
    if let attention = attentions.removeValue(forKey: value) {
      outcome.record(graph.describe(attention), .declined("\(graph[value].name) has no scale: \(reason)"))
    }
    for user in graph[value].users where layers.contains(user) && graph[user].inputs[0] == value {
      layers.remove(user)
      outcome.record(graph.describe(user), .declined("\(graph[value].name) has no scale: \(reason)"))
      // Attention behind the layer has lost its INT8 operand.
      for case let output? in graph[user].outputs {
        guard let attention = attentions.removeValue(forKey: output) else { continue }
        outcome.record(graph.describe(attention), .declined("its operand does not come from a layer in INT8"))
      }
    }
  }

  /// Looks for the values that are wanted in INT8.
  private mutating func findOperands(_ graph: Graph) {
    var known: Set<ValueID> = []
    operands = graph.order.compactMap { id -> ValueID? in
      guard layers.contains(id) || attentions.values.contains(id), let x = graph[id].inputs[0], known.insert(x).inserted else { return nil }
      return x
    }
  }
}
