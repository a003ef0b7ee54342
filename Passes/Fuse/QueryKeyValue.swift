import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes the three projections of self-attention into one, whose columns hold queries, keys and values side by side.
///
/// ```
/// %q = lathe::Linear(%x, @wq, @bq)        →    %qkv = lathe::Linear(%x, @wqkv, @bqkv)
/// %k = lathe::Linear(%x, @wk, @bk)             %y = lathe::FusedAttention(%qkv, %mask)
/// %v = lathe::Linear(%x, @wv, @bv)
/// %y = lathe::FusedAttention(%q, %k, %v, %mask)
/// ```
/// Layers that share their weights share the joined ones.
public struct QueryKeyValue: Pass {
  public static let id: PassID = "fuse/query-key-value"
  public static let summary = "the three projections of self-attention become one"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-6) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var joined: [[ValueID?]: ValueID] = [:]
    for id in graph.order where graph[id].op is LatheOperators.FusedAttention {
      let description = graph.describe(id)
      guard graph.input(1, of: id) != nil else {
        outcome.record(description, .notApplicable)
        continue
      }
      if let reason = refusal(id, graph) {
        outcome.record(description, .declined(reason))
        continue
      }
      try join(id, &graph, context, &joined)
      outcome.record(description, .done)
    }
    return outcome
  }

  private func projections(_ id: NodeID, _ graph: Graph) -> [NodeID] {
    (0..<3).compactMap { graph.source(graph.input($0, of: id)) }
  }

  private func refusal(_ id: NodeID, _ graph: Graph) -> String? {
    let linears = projections(id, graph)
    guard linears.count == 3, linears.allSatisfy({ (graph[$0].op as? Linear)?.activation == LatheOperators.LinearActivation.none }) else {
      return "not all three of queries, keys and values come from a Linear without activation"
    }
    guard Set(linears.map { graph.input(0, of: $0) }).count == 1 else {
      return "queries, keys and values are projections of different values"
    }
    guard linears.allSatisfy({ graph.input(3, of: $0) == nil }) else { return "a projection has a residual" }
    for linear in linears {
      guard let value = graph.result(linear), graph.onlyUser(of: value) == id else {
        return "\(graph.describe(linear)) is read elsewhere as well"
      }
    }
    let shapes = linears.map { graph.constant(graph.input(1, of: $0))?.shape }
    guard let first = shapes[0], shapes.allSatisfy({ $0 == first }) else {
      return "the three weights are not constants of one shape"
    }
    let biases = linears.map { graph.input(2, of: $0) }
    return biases.allSatisfy { $0 == nil || graph.constant($0) != nil } ? nil : "a bias is not constant"
  }

  private func join(
    _ id: NodeID, _ graph: inout Graph, _ context: PassContext, _ joined: inout [[ValueID?]: ValueID]
  ) throws(Diagnostic) {
    let linears = projections(id, graph)
    guard let output = graph.result(id) else { return }
    let weights = linears.map { graph.input(1, of: $0) }
    let biases = linears.map { graph.input(2, of: $0) }
    var inputs = [graph.input(0, of: linears[0]), try constant(weights, axis: 1, &graph, &joined)]
    if biases.contains(where: { $0 != nil }) {
      let weight = graph.constant(weights[0])
      let zeros = try Tensor.filled(0, weight?.dtype ?? .float32, count: weight?.shape.last ?? 0)
      inputs.append(try constant(biases, zeros: zeros, axis: 0, &graph, &joined))
    }
    let qkv = try context.add(Linear(), inputs, to: &graph, replacing: linears)[0]
    let mask = graph.input(3, of: id)
    let fused = try context.add(graph[id].op, [qkv, nil, nil, mask], to: &graph, replacing: [id])[0]
    try context.replace(output, with: fused, removing: [id] + linears, in: &graph)
  }

  /// The parts side by side as one constant; `zeros` in the place of those that are left out.
  private func constant(
    _ parts: [ValueID?], zeros: Tensor? = nil, axis: Int, _ graph: inout Graph, _ joined: inout [[ValueID?]: ValueID]
  ) throws(Diagnostic) -> ValueID {
    if let known = joined[parts] { return known }
    let tensor = try Concat(axis: axis).evaluate(parts.map { graph.constant($0) ?? zeros })[0]
    let name = parts.lazy.compactMap { $0 }.first.map { graph[$0].name } ?? "qkv"
    let id = try graph.addConstant(graph.uniqueName("\(name).qkv"), tensor)
    joined[parts] = id
    return id
  }
}
