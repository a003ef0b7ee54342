import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra
import LatheOperators
import LathePassKit
import LatheTensors

/// Ranks the indices of structures.
struct StructureRanker {
  /// The ranking of a structure.
  struct Judged {
    /// A product behind the structure, fitted to what it gave, without the indices that usually go.
    struct Trial {
      let site: LinearSite
      let change: NormalEquations.Solution
    }

    let ranking: Ranking
    /// Empty where no product was fitted.
    var trials: [Trial] = []
  }

  /// Rankings that run the samples once for every index are refused beyond so many.
  private static let maximumRuns = 4_096
  /// Bytes of sums that are kept at once.
  private static let maximumBytes = 256 << 20

  let graph: Graph
  let importance: Importance
  let metric: Drift.Metric
  let regularization: Double
  /// The share of each structure that goes at most.
  let depth: Double
  /// The share that stays where all lose alike.
  let width: Double
  let context: PassContext

  /// A ranking for each structure; nil, with the reason in the outcome, where it has none.
  func rankings(of structures: [Structure], _ outcome: inout PassOutcome) throws(Diagnostic) -> [Judged?] {
    switch importance {
    case .magnitude: return structures.map { Judged(ranking: Ranking(scores: magnitudes(of: $0))) }
    case .given:
      return structures.map { structure in
        let given = context.structures.first { $0.isOf(structure, in: graph) && $0.scores?.count == structure.extent }
        if given == nil { outcome.record(structure.description(in: graph), .declined("no scores are given for it")) }
        return given?.scores.map { Judged(ranking: Ranking(scores: $0)) }
      }
    case .leaveOneOut: return try leaveOneOut(structures)
    case .reconstruction: return try reconstruction(structures, &outcome)
    }
  }

  /// The mean square of the weights of each index, summed over the weights.
  private func magnitudes(of structure: Structure) -> [Double] {
    var scores = Array(repeating: 0.0, count: structure.extent)
    for slice in structure.weights {
      guard let tensor = graph.constant(slice.value), let values = tensor.doubles() else { continue }
      let inner = tensor.shape.dropFirst(slice.axis + 1).reduce(1, *)
      let extent = tensor.shape[slice.axis]
      var sums = Array(repeating: 0.0, count: extent)
      for (position, value) in values.enumerated() { sums[position / inner % extent] += value * value }
      for index in 0..<structure.extent {
        let places = slice.places(of: index) ?? []
        let count = Double(max(1, places.count * values.count / max(1, extent)))
        scores[index] += places.reduce(0) { $0 + sums[$1] } / count
      }
    }
    return scores
  }
}

extension StructureRanker {
  private func leaveOneOut(_ structures: [Structure]) throws(Diagnostic) -> [Judged?] {
    let runs = structures.reduce(0) { $0 + $1.extent }
    guard let compare = context.compare else { throw needsSamples("leave-one-out") }
    guard runs <= Self.maximumRuns else {
      throw context.usage(
        "structure/runs", "leave-one-out would run the samples \(runs) times, once for each index; \(Self.maximumRuns) are the most",
        fix: "choose importance reconstruction or magnitude, or fewer structures with what and only")
    }
    var rankings: [Judged?] = []
    for structure in structures {
      var scores: [Double] = []
      for index in 0..<structure.extent {
        let drift = try compare(graph, try graph.silencing([index], of: structure))
        scores.append(metric.isLikeness ? 1 - drift[metric] : drift[metric])
      }
      rankings.append(Judged(ranking: Ranking(scores: scores)))
    }
    return rankings
  }

  private func needsSamples(_ importance: String) -> Diagnostic {
    context.usage(
      "structure/samples", "\(importance) needs samples",
      fix: "add --samples FILE or --calibration-samples FILE, or choose importance magnitude")
  }

  private func reconstruction(_ structures: [Structure], _ outcome: inout PassOutcome) throws(Diagnostic) -> [Judged?] {
    guard let regress = context.regress else { throw needsSamples("reconstruction") }
    var probe = graph
    var readings: [[(site: LinearSite, point: RegressionPoint)]] = []
    for structure in structures {
      var own: [(LinearSite, RegressionPoint)] = []
      for reader in structure.readers {
        guard let site = LinearSite(reader.node, in: graph), let features = try site.addFeatures(to: &probe) else { continue }
        own.append((site, RegressionPoint(features: features, normalizer: site.residualSum(in: graph))))
      }
      if own.isEmpty { outcome.record(structure.description(in: graph), .declined("no product that sums over it can be fitted on the samples")) }
      readings.append(own)
    }
    var result: [Judged?] = structures.map { _ in nil }
    for batch in batches(readings.map { $0.map(\.point) }, probe) {
      var sums = try regress(probe, probe, batch.flatMap { readings[$0].map(\.point) })[...]
      for number in batch {
        let sites = readings[number].map(\.site)
        let own = Array(sums.prefix(sites.count))
        sums.removeFirst(sites.count)
        for (site, equations) in zip(sites, own) { outcome.note(equations, of: graph.describe(site.node)) }
        result[number] = judged(structures[number], sites, own)
      }
    }
    return result
  }

  private func judged(_ structure: Structure, _ sites: [LinearSite], _ equations: [NormalEquations]) -> Judged? {
    let parts = zip(sites, equations).compactMap { site, equations in
      StructureElimination.Part(
        equations, site.matrix(in: graph), gains: site.gains(in: graph), site.groups(of: structure, in: graph), regularization,
        hasIntercept: site.bias != nil)
    }
    guard !parts.isEmpty else { return nil }
    let depth = Int((depth * Double(structure.extent)).rounded(.up))
    let ranking = StructureElimination(parts, extent: structure.extent, depth: depth).ranking
    var trials: [Judged.Trial] = []
    for (site, equations) in zip(sites, equations) {
      let groups = site.groups(of: structure, in: graph)
      let gone = ranking.gone(after: structure.loss(at: width)).flatMap { groups[$0] }.sorted()
      let weights = site.matrix(in: graph)
      guard let change = equations.change(of: weights, without: gone, regularization, hasIntercept: site.bias != nil) else { continue }
      trials.append(Judged.Trial(site: site, change: change))
    }
    return Judged(ranking: ranking, trials: trials)
  }

  /// Structures whose sums fit in memory together.
  private func batches(_ points: [[RegressionPoint]], _ probe: Graph) -> [[Int]] {
    var batches: [[Int]] = []
    var bytes = Int.max
    for (index, own) in points.enumerated() where !own.isEmpty {
      let widths = own.map { probe.shape($0.features)?.last?.known ?? 1 }
      let size = widths.reduce(0) { $0 + 8 * $1 * $1 }
      if bytes > Self.maximumBytes - min(size, Self.maximumBytes) {
        batches.append([])
        bytes = 0
      }
      batches[batches.count - 1].append(index)
      bytes += size
    }
    return batches
  }
}

extension StructureScores {
  /// Whether they are of this structure.
  func isOf(_ structure: Structure, in graph: Graph) -> Bool {
    extent == structure.extent
      && structure.weights.contains { graph[$0.value].name == weights && $0.axis == axis && $0.block == .known(block) }
  }
}

extension Graph {
  /// The graph with zeros where indices of a structure are summed over; where they never meet constants there, in all its weights.
  func silencing(_ indices: [Int], of structure: Structure) throws(Diagnostic) -> Graph {
    var result = self
    let readers = Set(structure.readers.map(\.weights))
    let slices = structure.weights.filter { readers.contains($0.value) || readers.isEmpty }
    for slice in slices {
      guard let tensor = result.constant(slice.value), var values = tensor.doubles() else { continue }
      let inner = tensor.shape.dropFirst(slice.axis + 1).reduce(1, *)
      let extent = tensor.shape[slice.axis]
      let gone = Set(indices.flatMap { slice.places(of: $0) ?? [] })
      for position in values.indices where gone.contains(position / inner % extent) { values[position] = 0 }
      result.setConstant(try Cast(to: tensor.dtype).evaluate([try Tensor(values, shape: tensor.shape)])[0], of: slice.value)
    }
    return result
  }
}
