import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LatheSamples
import LatheTensors

/// Holds what the runtime makes of a model against the reference interpreter, on a few samples: kernels may be wrong, the oracle is slow.
struct OracleCheck {
  /// Samples on which both ran.
  private(set) var samples = 0
  /// Where they differ, a line each.
  private(set) var conflicts: [String] = []

  private static let mostSamples = 4
  /// No further sample is begun after this long.
  private static let budget = Duration.seconds(1)

  /// - Returns: nil for a model that another engine ran.
  /// - Throws: the engines' diagnostics, with the model's file.
  init?(_ runner: FeedComparison.Runner, _ name: Engine.Name, _ set: SampleSet, limits: ResourceLimits) throws(Diagnostic) {
    guard name == .runtime else { return nil }
    let oracle = try Engine(.reference, runner.engine.graph, file: runner.path, limits: limits)
    let (clock, names) = (ContinuousClock(), Set(runner.engine.graph.inputs.map { runner.engine.graph[$0].name }))
    let start = clock.now
    do throws(Diagnostic) {
      for (feed, place) in Self.chosen(set) where start.duration(to: clock.now) < Self.budget {
        guard let row = try feed.restricted(to: names).row(place, for: runner.engine.graph) else { continue }
        try compare(row, runner.engine, oracle)
      }
    } catch {
      throw error.located(in: Location(file: runner.path))
    }
  }

  private mutating func compare(_ feed: Feed, _ engine: Engine, _ oracle: Engine) throws(Diagnostic) {
    let (own, right) = (try engine.run(feed), try oracle.run(feed))
    samples += feed.samples.count
    let (bounds, graph) = (Tolerance.standard, engine.graph)
    for (id, (one, other)) in zip(graph.outputs, zip(right, own)) {
      var output = OutputComparison(name: graph[id].name)
      try output.add(
        reference: try feed.withoutPadding(one, of: id, in: graph), candidate: try feed.withoutPadding(other, of: id, in: graph),
        rowLengths: feed.rowLengths(of: one, id, in: graph))
      // A choice among equals may be another one, and is then another whole number.
      let isFar = output.minimumCosine < bounds.minimumCosine ?? -1 || output.errorOfRange > bounds.maximumErrorOfRange ?? .infinity
      guard output.incomparable > 0 || isFar && one.dtype.isFloat else { continue }
      conflicts.append(
        "the runtime and the reference interpreter differ on sample \((feed.samples.first ?? 0) + 1) of the candidate: \(output.name), least cosine "
          + "\(output.minimumCosine), largest error \(output.maximumAbsoluteError); a kernel of Lathe is at fault, and --engine reference goes without")
    }
  }

  /// Feeds of all lengths; the first rows of one where there is but one.
  private static func chosen(_ set: SampleSet) -> [(feed: Feed, place: Int)] {
    let count = set.feeds.count
    guard count > 1 else { return set.feeds.prefix(1).flatMap { feed in (0..<mostSamples).map { (feed, $0) } } }
    let places = count <= mostSamples ? Array(0..<count) : (0..<mostSamples).map { $0 * (count - 1) / (mostSamples - 1) }
    return places.map { (set.feeds[$0], 0) }
  }
}

extension Feed {
  /// One row as a feed of its own; nil where there is none of this place.
  ///
  /// The whole feed stands for its first row where a graph fixes the number of rows, or where the inputs have not the same.
  fileprivate func row(_ place: Int, for graph: Graph) throws(Diagnostic) -> Feed? {
    let count = inputs.values.map { $0.shape.first ?? 0 }.min() ?? 0
    let isFixed = graph.inputs.contains { id in
      guard inputs[graph[id].name] != nil, let shape = graph[id].type?.tensor?.shape else { return false }
      return shape.first?.known != nil
    }
    guard compounds.isEmpty, !isFixed, inputs.values.allSatisfy({ $0.shape.first == count }), count > 1 else { return place == 0 ? self : nil }
    guard place < min(count, rows?.count ?? count) else { return nil }
    var one = self
    for (name, tensor) in inputs { one.inputs[name] = try tensor.keeping([place], along: 0) }
    (one.rows, one.lengths) = (rows.map { [$0[place]] }, lengths.map { [$0[place]] })
    if rows == nil { one.sample = place }
    return one
  }
}
