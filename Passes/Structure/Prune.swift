import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Takes heads, neurons, channels and other structures out of a graph, the least important first, and fits what is left to the samples.
///
/// ```
/// %h = Gelu(MatMul(%x, @up) + @b)        →    %h = Gelu(MatMul(%x, @up.kept) + @b.kept)
/// %y = MatMul(%h, @down)  : 1536 → 384        %y = MatMul(%h, @down.refitted) : 1152 → 384
/// ```
/// Structures are axis classes, so that any exporter's graph will do, before or after fusion. Each structure keeps `width` of its indices (`uniform`), or
/// all together that share of their cost (`global`). Recovery needs samples, but no labels.
public struct Prune: Pass {
  public struct Options: PassOptions {
    /// Structures to prune: `heads`, `neurons`, `channels`, `units`, `head-features`, `hidden`.
    public var what: [StructureKind] = [.heads, .neurons]
    /// The share that stays, above 0 to 1.
    public var width = 0.75
    /// `uniform`: of each structure; `global`: of the cost of all of them.
    public var distribution = WidthSelection.Distribution.uniform
    /// What `global` counts: `parameters`, `multiply-adds` or `latency` (measured, of the whole graph).
    public var budget = WidthSelection.Budget.parameters
    /// `given` (--structures FILE), `magnitude`, `leave-one-out` or `reconstruction`.
    public var importance = Importance.reconstruction
    /// Products that are fitted anew on the samples: `none`, those that were `cut`, also those whose sums make up for it (`residual`), or `all`.
    public var recover = Recovery.Scope.residual
    /// How strongly fits keep to the weights that are there, as a share of the features' mean square.
    public var regularization = 1e-3
    /// Of leave-one-out, and of what the result is held to.
    public var metric = Drift.Metric.meanCosine
    /// The least of the metric that will do on the samples.
    public var target = 0.0
    /// Structures whose weights or readers these name stay as they are.
    public var ignore: [String] = []
    /// Structures that alone are pruned; empty for all.
    public var only: [String] = []

    public init() {}
  }

  public static let id: PassID = "structure/prune"
  public static let summary = "takes heads, neurons, channels out by importance, and fits the rest to the samples"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .approximate(metric: options.metric, bound: options.target) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard options.width > 0, options.width <= 1, options.regularization >= 0, options.regularization.isFinite else {
      throw context.usage("structure/width", "the width is above 0 and at most 1, and the regularization not below 0")
    }
    guard options.metric.isLikeness else { throw context.usage("structure/metric", "the metric is agreement, cosine or mean cosine") }
    var outcome = PassOutcome()
    let classes = AxisClasses(graph)
    let structures = try selected(graph, classes, &outcome)
    guard !structures.isEmpty else { return outcome }
    let ranker = StructureRanker(
      graph: graph, importance: options.importance, metric: options.metric, regularization: options.regularization,
      depth: options.distribution == .uniform ? 1 - options.width : 1, width: options.width, context: context)
    let masks = structures.map { structure in context.structures.first { $0.isOf(structure, in: graph) && $0.mask?.count == structure.extent }?.mask }
    let open = structures.indices.filter { masks[$0] == nil }
    let rankings = try ranker.rankings(of: open.map { structures[$0] }, &outcome)
    let ranked = zip(open, rankings).compactMap { index, ranking in ranking.map { (structures[index], $0) } }
    outcome.structures = ranked.map { structure, ranking in
      let slice = structure.slice(in: graph)
      return StructureScores(
        weights: graph[slice.value].name, axis: slice.axis, extent: structure.extent, block: slice.block.known ?? 1,
        kind: structure.kind.rawValue, scores: ranking.scores(of: structure.extent))
    }
    let selection = WidthSelection(
      graph: graph, classes: classes, structures: ranked.map { $0.0 }, rankings: ranked.map { $0.1 }, metric: options.metric,
      context: context)
    for given in context.structures where !structures.contains(where: { given.isOf($0, in: graph) }) {
      outcome.record("@\(given.weights)", .declined("scores are given for its axis \(given.axis), but nothing of \(given.extent) indices is pruned there"))
    }
    var cuts = try selection.cuts(options.distribution, options.width, options.budget)
    for (structure, mask) in zip(structures, masks) {
      guard let mask else { continue }
      let kept = mask.indices.filter { mask[$0] }
      guard !kept.isEmpty else { throw context.usage("structure/mask", "the mask of the \(structure.description(in: graph)) keeps nothing") }
      cuts.append((structure, kept))
    }
    try cut(cuts, classes, &graph, context, &outcome)
    return outcome
  }


  /// The structures that are to be pruned.
  private func selected(_ graph: Graph, _ classes: AxisClasses, _ outcome: inout PassOutcome) throws(Diagnostic) -> [Structure] {
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    let (found, refused) = graph.structures(of: Set(options.what), in: classes)
    selection.noteUnmatched(in: graph, operands: (found + refused.map(\.structure)).flatMap(\.weights).map(\.value), to: &outcome)
    for (structure, reason) in refused { outcome.record(structure.description(in: graph), .declined(reason)) }
    var result: [Structure] = []
    for structure in found {
      let nodes = Set(structure.weights.flatMap { graph[$0.value].users }).sorted { $0.index < $1.index }
      let refusals = structure.weights.map { selection.refusal(of: nodes, reading: $0.value, in: graph) }
      // One of its weights that is named brings the whole structure in, or keeps it out.
      let reason = options.only.isEmpty ? refusals.compactMap { $0 }.first : (refusals.contains(nil) ? nil : refusals.compactMap { $0 }.first)
      if let reason { outcome.record(structure.description(in: graph), .declined(reason)) } else { result.append(structure) }
    }
    return result
  }

  /// Cuts all at once, and recovers.
  private func cut(
    _ cuts: [(structure: Structure, kept: [Int])], _ classes: AxisClasses, _ graph: inout Graph, _ context: PassContext, _ outcome: inout PassOutcome
  ) throws(Diagnostic) {
    let real = cuts.filter { $0.kept.count < $0.structure.extent }
    let reference = graph
    try graph.cut(real.map { AxisCut($0.structure.axisClass.id, keeping: $0.kept, allowing: $0.structure.allowed) }, of: classes)
    for (structure, kept) in cuts {
      let name = structure.description(in: reference)
      if kept.count == structure.extent {
        outcome.record(name, .declined("all \(structure.extent) stay"))
      } else {
        outcome.record("\(name): \(kept.count) of \(structure.extent)", .done)
      }
    }
    guard options.recover != .none, !real.isEmpty else { return }
    guard let regress = context.regress else {
      outcome.notes.append("nothing was recovered: there are no samples; add --samples FILE, or recover=none")
      return
    }
    let readers = Set(real.flatMap(\.structure.readers).map(\.node))
    let recovery = Recovery(
      reference: reference, regularization: options.regularization, regress: regress, keptTargets: Self.keptTargets(real, reference))
    try recovery.run(on: &graph, nodes: readers.union(recovery.nodes(options.recover, in: graph)), reported: readers, &outcome)
  }

  /// The indices of the results of weights that are left, where some went.
  private static func keptTargets(_ cuts: [(structure: Structure, kept: [Int])], _ graph: Graph) -> [ValueID: [Int]] {
    var sites: [ValueID: LinearSite] = [:]
    for id in graph.order {
      if let site = LinearSite(id, in: graph) { sites[site.weights] = site }
    }
    var gone: [ValueID: Set<Int>] = [:]
    for (structure, kept) in cuts {
      let removed = Set(0..<structure.extent).subtracting(kept)
      for slice in structure.weights where sites[slice.value]?.targetAxis == slice.axis {
        gone[slice.value, default: []].formUnion(removed.flatMap { slice.places(of: $0) ?? [] })
      }
    }
    var result: [ValueID: [Int]] = [:]
    for (value, places) in gone {
      guard let site = sites[value], let shape = graph.constant(value)?.shape else { continue }
      result[value] = (0..<shape[site.targetAxis]).filter { !places.contains($0) }
    }
    return result
  }
}
