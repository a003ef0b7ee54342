import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra
import LatheOperators
import LathePassKit
import LatheTensors

/// Changes weights of a graph that lost structures so that its sums are again those of the graph it comes from, as far as least squares can.
///
/// Products are visited in the order of the graph, each on the activations of what was refitted before it: the weights change by
/// (AᵀA + λI)⁻¹ AᵀD, A being the features that are left and D what the sum lacks (Kwon et al. 2022, "A fast post-training pruning framework for
/// transformers", with a full refit). Where a residual is added at once, the sum is the one with it, so that errors from before are made good as well.
public struct Recovery {
  /// Which products are fitted anew.
  public enum Scope: String, Sendable, Codable, CaseIterable {
    case none
    /// Those that lost features.
    case cut
    /// Those as well to which a residual is added, so that they can make up for errors from before.
    case residual
    /// All.
    case all
  }

  /// The graph as it was.
  let reference: Graph
  /// λ as a share of the mean of AᵀA's diagonal.
  let regularization: Double
  let regress: Regress
  /// Indices of the targets' axis that are left, for weights that lost some.
  let keptTargets: [ValueID: [Int]]

  /// The nodes that a scope names besides those that lost features.
  func nodes(_ scope: Scope, in graph: Graph) -> Set<NodeID> {
    switch scope {
    case .none, .cut: []
    case .residual: Set(graph.order.filter { LinearSite($0, in: graph)?.residualSum(in: graph) != nil })
    case .all: Set(graph.order)
    }
  }

  /// Refits the products that `nodes` are.
  ///
  /// - Parameter reported: those of which the outcome tells if they cannot be; the others may be no products.
  func run(on graph: inout Graph, nodes: Set<NodeID>, reported: Set<NodeID>, _ outcome: inout PassOutcome) throws(Diagnostic) {
    var groups: [[LinearSite]] = []
    for id in graph.order where nodes.contains(id) {
      guard let site = LinearSite(id, in: graph) else {
        guard reported.contains(id) else { continue }
        outcome.record("recovery of \(graph.describe(id))", .declined("it is no product of floats with weights of its own, or in groups"))
        continue
      }
      if case .filters = site.form {
        groups.append([site])
      } else if let last = groups.last?.first, last.operand(in: graph) == site.operand(in: graph) {
        groups[groups.count - 1].append(site)
      } else {
        groups.append([site])
      }
    }
    for group in groups {
      for (node, reason) in try refit(group, &graph, &outcome) where reported.contains(node) {
        outcome.record("recovery of \(graph.describe(node))", .declined(reason))
      }
    }
  }

  /// Refits products of the same operand.
  ///
  /// - Returns: those that cannot be, with the reason.
  private func refit(_ sites: [LinearSite], _ graph: inout Graph, _ outcome: inout PassOutcome) throws(Diagnostic) -> [(NodeID, String)] {
    func refused(_ reason: String) -> [(NodeID, String)] { sites.map { ($0.node, reason) } }
    var (before, after) = (reference, graph)
    var pairs: [RegressionPoint.Pair] = []
    guard let first = sites.first, let features = try first.addFeatures(to: &after) else { return refused("its features have no known rank") }
    for site in sites {
      guard let old = try site.addTarget(to: &before), let new = try site.addTarget(to: &after) else { return refused("its sums have no known rank") }
      pairs.append(RegressionPoint.Pair(reference: old, candidate: new, kept: keptTargets[site.weights]))
    }
    let normalizer = sites.count == 1 ? first.residualSum(in: reference) : nil
    guard let equations = try regress(before, after, [RegressionPoint(features: features, targets: pairs, normalizer: normalizer)]).first else { return [] }
    outcome.note(equations, of: graph.describe(first.node))
    guard equations.rows > equations.features else {
      return refused("\(equations.rows) rows on the samples are too few for \(equations.features) features")
    }
    var refusals: [(NodeID, String)] = []
    var start = 0
    for site in sites {
      let count = graph.constant(site.weights)?.shape[site.targetAxis] ?? 0
      let (width, targets) = (equations.features, start..<start + count)
      start += count
      // Whether there is a bias differs between products of one operand.
      guard let solution = equations.solution(regularization: regularization, hasIntercept: site.bias != nil) else {
        refusals.append((site.node, "its features on the samples are all zero, or not finite"))
        continue
      }
      try site.add(solution.weights[targets.lowerBound * width..<targets.upperBound * width], solution.intercept[targets], to: &graph)
    }
    return refusals
  }
}

extension PassOutcome {
  /// Tells of rows that could not be taken into sums.
  mutating func note(_ equations: NormalEquations, of subject: String) {
    guard equations.notFinite > 0 else { return }
    notes.append("\(equations.notFinite) of \(equations.notFinite + equations.rows) rows at \(subject) were left out: values of their samples are not finite")
  }
}
