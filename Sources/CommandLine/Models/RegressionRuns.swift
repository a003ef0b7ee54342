import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra
import LathePassKit
import LatheRuntime
import LatheSamples
import LatheTensors
import Synchronization

/// Runs graphs on samples, as far as values need it, and sums up what least squares ask for.
final class RegressionRuns: Sendable {
  private let samples: FollowingSamples
  private let limits: ResourceLimits
  private let threads: Int
  private let state: Mutex<(reference: ResumedRuns, candidate: ResumedRuns)>

  init(_ samples: FollowingSamples, limits: ResourceLimits, threads: Int) {
    (self.samples, self.limits, self.threads) = (samples, limits, threads)
    state = Mutex((ResumedRuns(limits: limits, threads: threads), ResumedRuns(limits: limits, threads: threads)))
  }

  /// The sums for each point.
  ///
  /// - Throws: the runtime's diagnostics, and `regression/value` for values that are no matrices of floats with the same rows.
  func sums(_ reference: Graph, _ candidate: Graph, _ points: [RegressionPoint]) throws(Diagnostic) -> [NormalEquations] {
    let feeds = samples.set.feeds
    let targets = points.compactMap(\.target)
    let wanted = Self.unique(targets.map(\.reference) + points.compactMap(\.normalizer))
    var (before, after) = state.withLock { $0 }
    var targetRows: [[ValueID: RegressionRows]] = feeds.map { _ in [:] }
    if !wanted.isEmpty {
      try before.run(reference, wanted, features: [], on: feeds) { (number, values) throws(Diagnostic) in
        for (value, tensor) in values where wanted.contains(value) {
          targetRows[number][value] = try RegressionRows(tensor, of: value, in: reference, feeds[number])
        }
      }
    }
    var sums: [NormalEquations?] = points.map { _ in nil }
    let features = Self.unique(points.map(\.features))
    try after.run(candidate, Self.unique(features + targets.map(\.candidate)), features: features, on: feeds) { (number, values) throws(Diagnostic) in
      for (place, point) in points.enumerated() {
        guard let tensor = values[point.features] else { continue }
        let matrix = try RegressionRows(tensor, of: point.features, in: candidate, feeds[number])
        let lack = try point.target.map { (pair) throws(Diagnostic) in
          guard let tensor = values[pair.candidate], let before = targetRows[number][pair.reference],
            let lack = before.less(try RegressionRows(tensor, of: pair.candidate, in: candidate, feeds[number])), lack.count == matrix.count
          else { throw Self.misfit(candidate, pair.candidate) }
          return lack
        }
        var own = sums[place] ?? NormalEquations(features: matrix.width, targets: lack?.width ?? 0)
        // Emptied, so that what is changed is not copied.
        sums[place] = nil
        guard own.features == matrix.width, own.targets == lack?.width ?? 0 else { throw Self.misfit(candidate, point.features) }
        let normalizer = point.normalizer.flatMap { targetRows[number][$0] }
        own.add(matrix.values, lack?.values ?? [], weights: matrix.weights(normalizer))
        sums[place] = own
      }
    }
    state.withLock { $0 = (before, after) }
    return sums.map { $0 ?? NormalEquations(features: 0, targets: 0) }
  }

  private static func unique(_ values: [ValueID]) -> [ValueID] {
    var seen: Set<ValueID> = []
    return values.filter { seen.insert($0).inserted }
  }

  /// Forgets what was computed: samples may be others from now on.
  func forget() { state.withLock { $0 = (ResumedRuns(limits: limits, threads: threads), ResumedRuns(limits: limits, threads: threads)) } }

  private static func misfit(_ graph: Graph, _ value: ValueID) -> Diagnostic {
    .invalid("regression/value", "%\(graph[value].name) is no list of rows as they are in the graph before", at: Location(value: graph[value].name))
  }

  /// The least time of a feed, of several runs, averaged over feeds, in seconds.
  func latency(of graph: Graph) throws(Diagnostic) -> Double {
    let known = Set(graph.inputs.map { graph[$0].name })
    let runtime = try Runtime(graph, limits: limits, threads: threads)
    let feeds = samples.set.feeds.prefix(Self.timedFeeds)
    var total = 0.0
    for feed in feeds {
      let inputs = feed.restricted(to: known).inputs
      var best = Double.infinity
      for _ in 0..<Self.timedRuns {
        let start = ContinuousClock.now
        _ = try runtime.run(inputs)
        best = min(best, start.duration(to: .now) / .seconds(1))
      }
      total += best
    }
    return total / Double(max(1, feeds.count))
  }

  private static let timedFeeds = 4
  private static let timedRuns = 9
}

