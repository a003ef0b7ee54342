import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LatheSamples
import LatheTensors
import Synchronization

/// Runs graphs on samples and tells how far their outputs are apart.
struct SampleRuns: Sendable {
  let set: SampleSet
  let engine: Engine.Name
  let limits: ResourceLimits
  let threads: Int

  /// The outputs of every feed, by name.
  ///
  /// - Throws: the engine's diagnostics.
  func outputs(of graph: Graph) throws(Diagnostic) -> [[String: Tensor]] {
    let engine = try Engine(engine, graph, limits: limits, threads: threads)
    let names = graph.outputs.map { graph[$0].name }
    let known = Set(graph.inputs.map { graph[$0].name })
    let feeds = set.feeds
    return try concurrentMap(feeds.count, threads: engine.concurrency(threads)) { (index) throws(Diagnostic) in
      let tensors = try engine.run(feeds[index].restricted(to: known))
      return Dictionary(zip(names, tensors)) { first, _ in first }
    }
  }

  /// How far the outputs `after` of a graph are from those `before`.
  ///
  /// - Throws: `equivalence/shape` where an output changes its shape.
  func drift(from before: [[String: Tensor]], to after: [[String: Tensor]], of graph: Graph) throws(Diagnostic) -> Drift {
    var drift = Drift(samples: set.count)
    var comparisons: [String: OutputComparison] = [:]
    let ids = Dictionary(graph.outputs.map { (graph[$0].name, $0) }) { first, _ in first }
    for (feed, (old, new)) in zip(set.feeds, zip(before, after)) {
      for (name, tensor) in old {
        // Only a pass that was asked to may take an output away: the pipeline holds all others to the interface.
        guard let other = new[name] else { continue }
        if tensor != other { drift.changedOutputs += 1 }
        try comparisons[name, default: OutputComparison(name: name)].add(
          reference: try feed.withoutPadding(tensor, of: ids[name], in: graph),
          candidate: try feed.withoutPadding(other, of: ids[name], in: graph),
          rowLengths: feed.rowLengths(of: tensor, ids[name], in: graph))
      }
    }
    for comparison in comparisons.values { drift.add(comparison) }
    return drift
  }

  /// Compares graphs with one that stays the same, whose outputs are kept.
  ///
  /// - Parameter most: samples to compare on, about; nil for all.
  static func comparing(_ samples: FollowingSamples, most: Int? = nil, limits: ResourceLimits, threads: Int) -> Compare {
    let box = KnownOutputs()
    return { (reference, candidate) throws(Diagnostic) in
      let runs = SampleRuns(set: samples.set.thinned(to: most), engine: .runtime, limits: limits, threads: threads)
      if let outputs = box.outputs(of: reference) { return try runs.drift(from: outputs, to: runs.outputs(of: candidate), of: reference) }
      let outputs = try runs.outputs(of: reference)
      box.keep(outputs, of: reference)
      return try runs.drift(from: outputs, to: runs.outputs(of: candidate), of: reference)
    }
  }
}

extension SampleSet {
  /// Feeds from all over the set, with about as many samples; feeds are in order of length, so that the first would not stand for the others.
  fileprivate func thinned(to most: Int?) -> SampleSet {
    guard let most, count > most, feeds.count > 1 else { return self }
    let wanted = max(1, feeds.count * most / count)
    var set = self
    set.feeds = (0..<wanted).map { feeds[(2 * $0 + 1) * feeds.count / (2 * wanted)] }
    set.count = set.feeds.reduce(0) { $0 + $1.samples.count }
    return set
  }
}

/// The outputs of the graph that was run last as reference.
private final class KnownOutputs: Sendable {
  private let known = Mutex<(graph: Graph, outputs: [[String: Tensor]])?>(nil)

  func outputs(of graph: Graph) -> [[String: Tensor]]? {
    known.withLock { known in known.flatMap { $0.graph == graph ? $0.outputs : nil } }
  }

  func keep(_ outputs: [[String: Tensor]], of graph: Graph) { known.withLock { $0 = (graph, outputs) } }
}

extension Drift {
  /// The drift sample by sample; outputs of other shapes are not compared.
  init(samples: Int, from before: SampleOutputs, to after: SampleOutputs) throws(Diagnostic) {
    self.init(samples: samples)
    var comparisons: [String: OutputComparison] = [:]
    for (old, new) in zip(before.rows, after.rows) {
      guard let old, let new else { continue }
      for (name, tensor) in old {
        guard let other = new[name] else { continue }
        guard tensor.shape == other.shape else {
          unpaired += 1
          continue
        }
        if tensor != other { changedOutputs += 1 }
        try comparisons[name, default: OutputComparison(name: name)].add(reference: tensor, candidate: other)
      }
    }
    for comparison in comparisons.values { add(comparison) }
  }

  /// Takes in what one output did.
  fileprivate mutating func add(_ output: OutputComparison) {
    incomparable += output.incomparable
    absoluteError = max(absoluteError, output.maximumAbsoluteError)
    if output.maximumAbsoluteError > 0 {
      relativeError = max(relativeError, output.maximumAbsoluteError / output.maximumMagnitude)
    }
    cosine = min(cosine, output.minimumCosine)
    meanCosine = min(meanCosine, output.meanCosine)
    agreement = min(agreement, output.agreement)
  }
}
