import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Gives one symbol to extents of inputs that the graph combines element by element, where the exporter made up a symbol for each.
///
/// ```
/// graph (%ids: i64[s0, s1], %kinds: i64[s2, s3])     →    graph (%ids: i64[s0, s1], %kinds: i64[s0, s1])
/// %y = Add(Gather(@w, %ids), Gather(@k, %kinds))
/// ```
/// Exporters that are not told which extents are the same number them all, and then nothing can be proved of their sums. Such extents could
/// also differ where one of them is 1 and is repeated; a feed like that may be refused afterwards, which the ledger says. Symbols that
/// somebody named are kept apart.
public struct UnifyExtents: Pass {
  public static let id: PassID = "simplify/unify-extents"
  public static let summary = "extents that the exporter told apart without knowing become the same symbol"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    // Each round makes at least one symbol less.
    while let pair = firstPair(graph) {
      let replacement = [pair.dropped: Dimension.symbol(pair.kept)]
      for id in graph.valueIDsInOrder {
        guard case .tensor(let type) = graph[id].type, let shape = type.shape else { continue }
        graph.setType(.tensor(TensorType(type.dtype, shape.map { $0.substituting(replacement) })), of: id)
      }
      try graph.inferTypes()
      outcome.record("the extent \(pair.dropped)", .done)
      outcome.notes.append(
        "the extents \(pair.dropped) and \(pair.kept) are one from now on: \(pair.evidence) combines them; a feed in which they differ may be refused")
    }
    return outcome
  }

  /// Two symbols that must be the same, the one that stays, and the node that tells.
  private struct Pair {
    var kept: String
    var dropped: String
    var evidence: String
  }

  private func firstPair(_ graph: Graph) -> Pair? {
    var rank: [String: Int] = [:]
    for id in graph.inputs {
      for symbol in (graph.shape(id) ?? []).compactMap(\.symbolName) where rank[symbol] == nil { rank[symbol] = rank.count }
    }
    guard rank.keys.contains(where: Self.isMadeUp) else { return nil }
    var analysis: AffineAnalysis?
    for id in graph.order {
      for (one, other) in combined(id, graph) + indexed(id, graph, &analysis) {
        guard let a = one.symbolName, let b = other.symbolName, a != b, let first = rank[a], let second = rank[b] else { continue }
        guard Self.isMadeUp(a) || Self.isMadeUp(b) else { continue }
        let keepsFirst = Self.isMadeUp(a) == Self.isMadeUp(b) ? first < second : !Self.isMadeUp(a)
        return Pair(kept: keepsFirst ? a : b, dropped: keepsFirst ? b : a, evidence: graph.describe(id))
      }
    }
    return nil
  }

  /// Extents that stand at the same place in the operands of an elementwise operator.
  private func combined(_ id: NodeID, _ graph: Graph) -> [(Dimension, Dimension)] {
    guard graph[id].op is any Elementwise else { return [] }
    let shapes = graph[id].inputs.compactMap { graph.shape($0) }
    guard let first = shapes.first, shapes.count > 1 else { return [] }
    return shapes.dropFirst().flatMap { shape in zip(first.reversed(), shape.reversed()).map { ($0, $1) } }
  }

  /// Extents of which one counts the places that are looked up along the other.
  private func indexed(_ id: NodeID, _ graph: Graph, _ analysis: inout AffineAnalysis?) -> [(Dimension, Dimension)] {
    guard graph[id].op is GatherND, let data = graph.shape(graph.input(0, of: id)), let joint = graph.source(graph.input(1, of: id)),
      graph[joint].op is Concat, graph[joint].inputs.count <= data.count
    else { return [] }
    var own = analysis ?? AffineAnalysis(graph)
    defer { analysis = own }
    var pairs: [(Dimension, Dimension)] = []
    for (axis, part) in graph[joint].inputs.enumerated() {
      guard let part, let indices = own.indices(part), indices.offset == 0 else { continue }
      let counting = zip(indices.shape, indices.coefficients).filter { $0 != 1 && $1 != 0 }
      guard counting.count == 1, counting[0].1 == 1 else { continue }
      pairs.append((data[axis], counting[0].0))
    }
    return pairs
  }

  /// Whether an exporter numbered the symbol: torch's `s0` and `u0`, TorchScript's `ids_dynamic_axes_1`, paddle2onnx's
  /// `DynamicDimension.0`, shape inference's `unk__0`.
  private static func isMadeUp(_ symbol: String) -> Bool {
    symbol.wholeMatch(of: /[su]\d+|.*_dynamic_axes_\d+|(p2o\.)?DynamicDimension\.\d+|unk__\d+/) != nil
  }
}
