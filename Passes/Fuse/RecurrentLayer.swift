import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes an LSTM or GRU and the transposes around it into one operator with the batch first; states that begin with zeros are left out.
///
/// ```
/// %t = Transpose(%x) {perm = [1, 0, 2]}              →    %h = lathe::PackedLSTM(%x, @w, @r, @b, %lengths)
/// %y = LSTM(%t, @w, @r, @b, %lengths, %zeros, %zeros)           {direction = "bidirectional"}
/// %u = Transpose(%y) {perm = [0, 2, 1, 3]}
/// %v = Reshape(%u, [0, 0, -1])
/// %h = Transpose(%v) {perm = [1, 0, 2]}
/// ```
/// What a Transpose cancels behind it is left to `simplify/merge-transposes`. An RNN only loses its zeros.
public struct RecurrentLayer: Pass {
  public static let id: PassID = "fuse/recurrent-layer"
  public static let summary = "LSTM and GRU become one operator with the batch first and no states of zeros"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    for id in graph.order where graph.contains(id) {
      if let layer = PackableLayer(graph[id].op) {
        let description = graph.describe(id)
        if let reason = layer.refusal ?? refusal(id, graph) {
          outcome.record(description, .declined(reason))
          continue
        }
        try pack(layer, id, &graph, context)
        outcome.record(description, .done)
      } else if graph[id].op is RNN, let state = graph.input(5, of: id), isZero(state, graph) {
        outcome.record(graph.describe(id), .done)
        graph.setInput(5, of: id, to: nil)
        if let producer = graph[state].producer { context.removeUnread([producer], in: &graph) }
      }
    }
    return outcome
  }

  private func refusal(_ id: NodeID, _ graph: Graph) -> String? {
    if graph.input(7, of: id) != nil { return "it has peepholes" }
    for position in [5, 6] {
      guard let state = graph.input(position, of: id), !isZero(state, graph) else { continue }
      return "it begins with the state %\(graph[state].name), which is not known to be zero"
    }
    let weights = (graph.constant(graph.input(1, of: id)), graph.constant(graph.input(2, of: id)))
    return weights.0 == nil || weights.1 == nil ? "its weights are no constants" : nil
  }

  /// Whether every element is 0, whatever the extents.
  private func isZero(_ value: ValueID, _ graph: Graph) -> Bool {
    if let constant = graph.constant(value) { return constant.doubles()?.allSatisfy { $0 == 0 } ?? false }
    guard let id = graph.source(value) else { return false }
    switch graph[id].op {
    case let fill as ConstantOfShape: return fill.value?.doubles()?.allSatisfy { $0 == 0 } ?? true
    case is Expand, is Reshape, is Transpose, is Slice, is Identity, is Unsqueeze, is Squeeze:
      return graph.input(0, of: id).map { isZero($0, graph) } ?? false
    default: return false
    }
  }

  private func pack(_ layer: PackableLayer, _ id: NodeID, _ graph: inout Graph, _ context: PassContext) throws(Diagnostic) {
    guard let x = graph.input(0, of: id), let hidden = graph.constant(graph.input(2, of: id))?.shape.last else { return }
    let input = layer.isBatchFirst ? x : try context.add(
      Transpose(permutation: [1, 0, 2]), [x], to: &graph, before: id, replacing: [id])
    let states = [5, 6].compactMap { graph.input($0, of: id) }.compactMap { graph[$0].producer }
    let operands = [input] + (1...4).map { graph.input($0, of: id) }
    let isRead = graph[id].outputs.map { $0.map { graph.isOutput($0) || !graph[$0].users.isEmpty } ?? false }
    let count = (isRead.lastIndex(of: true) ?? 0) + 1
    let outputs = try context.add(layer.packed, operands, outputCount: count, to: &graph, replacing: [id])
    let layout = PackedLayout(directions: layer.direction.count, hidden: hidden, isBatchFirst: layer.isBatchFirst)
    var dead = [id]
    for (position, output) in graph[id].outputs.enumerated() {
      guard let output, isRead[position] else { continue }
      dead += try layout.replace(output, position, by: outputs[position], id, &graph, context)
    }
    context.removeUnread(dead + states, in: &graph)
  }
}
