import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes a LayerNormalization of a sum of table look-ups into one operator.
///
/// ```
/// %w = Gather(@words, %ids)                →    %y = lathe::EmbeddingNormalization(@gamma, @beta, @words, %ids, @types, %types, @positions)
/// %t = Gather(@types, %types)                       {sources = ["ids", "ids", "positions"]}
/// %p = Gather(@positions, Slice(@numbers, …))
/// %y = LayerNormalization(Add(Add(%w, %t), %p), @gamma, @beta)
/// ```
/// Ids that count 0, 1, 2, … along the sequence become `positions`, and their shape arithmetic goes.
public struct Embeddings: Pass {
  public static let id: PassID = "fuse/embeddings"
  public static let summary = "a normalized sum of table look-ups becomes one operator"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var analysis = AffineAnalysis(graph)
    for id in graph.order where graph.contains(id) && graph[id].op is LayerNormalization {
      let sum = EmbeddingSum(of: graph.input(0, of: id), in: graph, &analysis)
      guard sum.hasLookups else {
        outcome.record(graph.describe(id), .notApplicable)
        continue
      }
      let description = graph.describe(id)
      if let reason = refusal(id, sum, graph) {
        outcome.record(description, .declined(reason))
        continue
      }
      try replace(id, sum, &graph, context)
      outcome.record(description, .done)
    }
    return outcome
  }

  private func refusal(_ id: NodeID, _ sum: EmbeddingSum, _ graph: Graph) -> String? {
    if let reason = sum.obstacle { return reason }
    guard let norm = graph[id].op as? LayerNormalization, graph[id].outputs.count == 1 else {
      return "the mean or the deviation is read as well"
    }
    guard let rank = graph.shape(graph.input(0, of: id))?.count, rank == 3, norm.axis == -1 || norm.axis == 2 else {
      return "the normalization is not over the last of 3 axes"
    }
    let hidden = graph.constant(graph.input(1, of: id))?.shape
    guard let hidden, hidden.count == 1, sum.lookups.allSatisfy({ graph.constant($0.table)?.shape.last == hidden[0] }) else {
      return "the scale is no constant vector that fits the tables"
    }
    return sum.offsets.count <= 1 ? nil : "positions start at different rows"
  }

  private func replace(
    _ id: NodeID, _ sum: EmbeddingSum, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) {
    guard let norm = graph[id].op as? LayerNormalization, let output = graph.result(id) else { return }
    var inputs = [graph.input(1, of: id), graph.input(2, of: id)]
    for lookup in sum.lookups {
      switch lookup.rows {
      case .ids(let ids): inputs += [lookup.table, ids]
      case .positions: inputs += [lookup.table, nil]
      case .one(let row):
        let ids = try graph.addConstant(graph.uniqueName("row"), try Tensor([Int64(row)], shape: [1, 1]))
        inputs += [try table(lookup.table, &graph), ids]
      }
    }
    let op = EmbeddingNormalization(
      sources: sum.lookups.map { if case .positions = $0.rows { .positions } else { .ids } }, epsilon: norm.epsilon,
      offset: sum.offsets.first ?? 0)
    let fused = try context.add(op, inputs, to: &graph, replacing: [id] + sum.nodes)[0]
    try context.replace(output, with: fused, removing: [id] + sum.nodes, in: &graph)
  }

  /// The constant as a matrix.
  private func table(_ id: ValueID, _ graph: inout Graph) throws(Diagnostic) -> ValueID {
    guard let tensor = graph.constant(id), tensor.rank != 2 else { return id }
    return try graph.addConstant(graph.uniqueName("\(graph[id].name).row"), try tensor.reshaped(to: [1, tensor.elementCount]))
  }
}

extension EmbeddingSum {
  /// The rows that positions start at.
  fileprivate var offsets: Set<Int> {
    Set(lookups.compactMap { if case .positions(let first) = $0.rows { first } else { nil } })
  }
}