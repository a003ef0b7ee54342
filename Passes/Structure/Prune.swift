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
    public var regularization = 0.03
    /// How much of the errors that come from before a fit makes good, 0 to 1; all of them is more than few samples can teach.
    public var compensation = 0.5
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
    guard options.width > 0, options.width <= 1, options.regularization >= 0, options.regularization.isFinite, (0...1).contains(options.compensation) else {
      throw context.usage("structure/width", "the width is above 0 and at most 1, the regularization not below 0, and the compensation 0 to 1")
    }
    guard options.metric.isLikeness else { throw context.usage("structure/metric", "the metric is agreement, cosine or mean cosine") }
    var outcome = PassOutcome()
    let classes = AxisClasses(graph)
    let structures = try selected(graph, classes, &outcome)
    guard !structures.isEmpty else { return outcome }
    for given in context.structures where !structures.contains(where: { given.isOf($0, in: graph) }) {
      outcome.record("@\(given.weights)", .declined("scores are given for its axis \(given.axis), but nothing of \(given.extent) indices is pruned there"))
    }
    var losses = try masked(structures, graph, context)
    let open = structures.indices.filter { losses[$0] == nil }
    for (place, loss) in zip(open, try planned(open.map { structures[$0] }, graph, classes, context, &outcome)) { losses[place] = loss }
    try cut(losses.compactMap { $0 }, classes, &graph, context, &outcome)
    return outcome
  }

  /// What masks that are given take from each structure; nil where none is given.
  private func masked(_ structures: [Structure], _ graph: Graph, _ context: PassContext) throws(Diagnostic) -> [Recovery.Loss?] {
    var losses: [Recovery.Loss?] = []
    for structure in structures {
      let mask = context.structures.first { $0.isOf(structure, in: graph) && $0.mask?.count == structure.extent }?.mask
      let gone = mask.map { mask in mask.indices.filter { !mask[$0] } }
      guard gone?.count != structure.extent else {
        throw context.usage("structure/mask", "the mask of the \(structure.description(in: graph)) keeps nothing")
      }
      losses.append(gone.map { Recovery.Loss(structure: structure, count: $0.count, gone: $0) })
    }
    return losses
  }

  /// What goes from each structure by its importance; nil where that cannot be told.
  private func planned(
    _ structures: [Structure], _ graph: Graph, _ classes: AxisClasses, _ context: PassContext, _ outcome: inout PassOutcome
  ) throws(Diagnostic) -> [Recovery.Loss?] {
    // Indices are chosen where they are fitted: on what the graph has become by then.
    let choosesLate = options.importance == .reconstruction && options.recover != .none && context.regress != nil
    if choosesLate, options.distribution == .uniform {
      return structures.map { Recovery.Loss(structure: $0, count: $0.loss(at: options.width)) }
    }
    let ranker = StructureRanker(
      graph: graph, importance: options.importance, metric: options.metric, regularization: options.regularization,
      depth: options.distribution == .uniform ? 1 - options.width : 1, width: options.width, context: context)
    let judged = try ranker.rankings(of: structures, &outcome)
    let known = structures.indices.filter { judged[$0] != nil }
    let selection = WidthSelection(
      graph: graph, classes: classes, structures: known.map { structures[$0] }, judged: known.compactMap { judged[$0] }, metric: options.metric,
      context: context)
    var losses: [Recovery.Loss?] = structures.map { _ in nil }
    for (place, count) in zip(known, try selection.counts(options.distribution, options.width, options.budget)) {
      let ranking = judged[place]?.ranking
      losses[place] = Recovery.Loss(
        structure: structures[place], count: count, gone: choosesLate ? nil : ranking?.gone(after: count), ranking: ranking)
    }
    return losses
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

  /// Recovers, and cuts all at once.
  private func cut(
    _ planned: [Recovery.Loss], _ classes: AxisClasses, _ graph: inout Graph, _ context: PassContext, _ outcome: inout PassOutcome
  ) throws(Diagnostic) {
    let reference = graph
    var losses = planned
    if options.recover != .none, losses.contains(where: { $0.count > 0 }) {
      if let regress = context.regress {
        try Recovery(reference: reference, regularization: options.regularization, share: options.compensation, regress: regress)
          .run(on: &graph, options.recover, &losses, &outcome)
      } else {
        outcome.notes.append("nothing was recovered: there are no samples; add --samples FILE, or recover=none")
      }
    }
    let cuts = losses.compactMap { loss in
      let gone = Set(loss.gone ?? [])
      return gone.isEmpty ? nil : AxisCut(
        loss.structure.axisClass.id, keeping: (0..<loss.structure.extent).filter { !gone.contains($0) }, allowing: loss.structure.allowed)
    }
    try graph.cut(cuts, of: classes)
    outcome.structures = losses.compactMap { $0.scores(in: reference) }
    for loss in losses {
      let (name, gone) = (loss.structure.description(in: reference), loss.gone?.count ?? 0)
      if gone == 0 {
        outcome.record(name, .declined("all \(loss.structure.extent) stay"))
      } else {
        outcome.record("\(name): \(loss.structure.extent - gone) of \(loss.structure.extent)", .done)
      }
    }
  }
}

extension Recovery.Loss {
  /// The scores by which indices were chosen; nil for a mask.
  fileprivate func scores(in graph: Graph) -> StructureScores? {
    guard let ranking else { return nil }
    let slice = structure.slice(in: graph)
    return StructureScores(
      weights: graph[slice.value].name, axis: slice.axis, extent: structure.extent, block: slice.block.known ?? 1, kind: structure.kind.rawValue,
      scores: ranking.scores(of: structure.extent))
  }
}
