import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra
import LatheOperators
import LathePassKit
import LatheTensors

/// Changes weights of a graph so that its sums are those of the graph it comes from, as far as least squares can, while structures go.
///
/// Products are visited in the order of the graph, each on the activations of what was refitted before it. With A the features, W the weights and E
/// what the sum lacks for errors from before, the weights of the features k that stay become the solution of
/// min ‖A_k·W′ − (A·W + share·E)‖² + λ‖W′ − W_k‖² (Kwon et al. 2022, "A fast post-training pruning framework for transformers", with a full refit).
/// Where a residual is added at once, the sum is the one with it. A share below 1 keeps fits from learning by heart what few samples lack: the
/// errors of a text's tokens are alike.
public struct Recovery {
  /// Which products are fitted anew.
  public enum Scope: String, Sendable, Codable, CaseIterable {
    case none
    /// Those that lose features.
    case cut
    /// Those as well to which a residual is added, so that they can make up for errors from before.
    case residual
    /// All.
    case all
  }

  /// A structure that loses indices.
  struct Loss {
    let structure: Structure
    let count: Int
    /// Those that go; nil until they are chosen where the structure is read.
    var gone: [Int]?
    /// How they were chosen.
    var ranking: Ranking?
  }

  /// The graph as it was.
  let reference: Graph
  /// λ as a share of the mean of AᵀA's diagonal.
  let regularization: Double
  /// How much of the errors from before is made good.
  let share: Double
  let regress: Regress

  /// Refits products, and sets weights of features that go to zero, so that the structures can be cut at no further error.
  ///
  /// - Parameter losses: those whose indices are not chosen yet are, by what the products behind them lose.
  func run(on graph: inout Graph, _ scope: Scope, _ losses: inout [Loss], _ outcome: inout PassOutcome) throws(Diagnostic) {
    var readers: [NodeID: [Int]] = [:]
    for (number, loss) in losses.enumerated() where loss.count > 0 {
      for reader in loss.structure.readers { readers[reader.node, default: []].append(number) }
    }
    for id in graph.order {
      let own = readers[id] ?? []
      guard let site = LinearSite(id, in: graph) else {
        guard !own.isEmpty else { continue }
        outcome.record("recovery of \(graph.describe(id))", .declined("it is no product of floats with weights of its own, or in groups"))
        continue
      }
      let isWanted = scope == .all || scope == .residual && site.residualSum(in: graph) != nil
      guard !own.isEmpty || isWanted else { continue }
      // What a choice was made by serves the fit as well.
      var known: NormalEquations?
      for number in own where losses[number].gone == nil { known = try choose(&losses[number], at: site, graph, &outcome) }
      let gone = own.flatMap { number in
        let groups = site.groups(of: losses[number].structure, in: graph)
        return (losses[number].gone ?? []).flatMap { groups[$0] }
      }
      guard let reason = try refit(site, without: gone, known, &graph, &outcome), !own.isEmpty else { continue }
      outcome.record("recovery of \(graph.describe(id))", .declined(reason))
    }
  }

  /// Chooses the indices that go, on the activations as they are now.
  ///
  /// - Returns: the sums for one of the products that read the structure.
  private func choose(_ loss: inout Loss, at site: LinearSite, _ graph: Graph, _ outcome: inout PassOutcome) throws(Diagnostic) -> NormalEquations? {
    let sites = loss.structure.readers.compactMap { LinearSite($0.node, in: graph) }
    let equations = try equations(sites, graph)
    let parts = zip(sites, equations).compactMap { site, equations -> StructureElimination.Part? in
      guard let equations, let change = lawful(equations, site, without: [], graph) else { return nil }
      let weights = zip(site.matrix(in: graph), change.weights).map { $0 + $1 }
      return StructureElimination.Part(
        equations, weights, gains: site.gains(in: graph), site.groups(of: loss.structure, in: graph), regularization, hasIntercept: site.bias != nil)
    }
    guard !parts.isEmpty else {
      outcome.record(loss.structure.description(in: graph), .declined("no product that sums over it can be fitted on the samples"))
      loss.gone = []
      return nil
    }
    let ranking = StructureElimination(parts, extent: loss.structure.extent, depth: loss.count).ranking
    (loss.gone, loss.ranking) = (ranking.gone(after: loss.count), ranking)
    return sites.firstIndex { $0.node == site.node }.flatMap { equations[$0] }
  }

  /// - Returns: why the product cannot be refitted; nil if it was.
  private func refit(
    _ site: LinearSite, without gone: [Int], _ known: NormalEquations?, _ graph: inout Graph, _ outcome: inout PassOutcome
  ) throws(Diagnostic) -> String? {
    var sums = known
    if sums == nil { sums = try equations([site], graph).first.flatMap { $0 } }
    guard let equations = sums else { return "its features or sums have no known rank" }
    outcome.note(equations, of: graph.describe(site.node))
    guard equations.rows > equations.features else { return "\(equations.rows) rows on the samples are too few for \(equations.features) features" }
    guard let change = lawful(equations, site, without: gone.sorted(), graph) else { return "its features on the samples are all zero, or not finite" }
    try site.add(change, to: &graph)
    return nil
  }

  private func lawful(_ equations: NormalEquations, _ site: LinearSite, without gone: [Int], _ graph: Graph) -> NormalEquations.Solution? {
    equations.refit(
      of: site.matrix(in: graph), without: gone, share: share, regularization: regularization, hasIntercept: site.bias != nil)
  }

  /// The sums for each product; nil where its features or targets are no matrices.
  private func equations(_ sites: [LinearSite], _ graph: Graph) throws(Diagnostic) -> [NormalEquations?] {
    var (before, after) = (reference, graph)
    var (points, places): ([RegressionPoint], [Int]) = ([], [])
    for (place, site) in sites.enumerated() {
      guard let features = try site.addFeatures(to: &after), let old = try site.addTarget(to: &before), let new = try site.addTarget(to: &after) else { continue }
      points.append(
        RegressionPoint(features: features, target: RegressionPoint.Pair(reference: old, candidate: new), normalizer: site.residualSum(in: reference)))
      places.append(place)
    }
    var result: [NormalEquations?] = sites.map { _ in nil }
    for (place, sums) in zip(places, try regress(before, after, points)) { result[place] = sums }
    return result
  }
}

extension PassOutcome {
  /// Tells of rows that could not be taken into sums.
  mutating func note(_ equations: NormalEquations, of subject: String) {
    guard equations.notFinite > 0 else { return }
    notes.append("\(equations.notFinite) of \(equations.notFinite + equations.rows) rows at \(subject) were left out: values of their samples are not finite")
  }
}
