import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LatheSamples
import LatheTensors

/// Measures on samples how far a graph's outputs are from those of the graph before it, and of the first.
final class DriftGauge {
  private let set: SampleSet
  private let limits: ResourceLimits
  private let threads: Int
  private var source: [[String: Tensor]] = []
  private var last: (graph: Graph, outputs: [[String: Tensor]], total: Drift)?

  init(_ set: SampleSet, limits: ResourceLimits, threads: Int) {
    self.set = set
    self.limits = limits
    self.threads = threads
  }

  /// - Throws: the interpreter's diagnostics, and `equivalence/shape` where an output changes its shape.
  func measure(_ graph: Graph) throws(Diagnostic) -> (step: Drift, total: Drift) {
    if let last, last.graph == graph { return (Drift(samples: set.count), last.total) }
    let outputs = try run(graph)
    guard let last else {
      source = outputs
      self.last = (graph, outputs, Drift(samples: set.count))
      return (Drift(samples: set.count), Drift(samples: set.count))
    }
    let step = try drift(from: last.outputs, to: outputs)
    let total = try drift(from: source, to: outputs)
    self.last = (graph, outputs, total)
    return (step, total)
  }

  private func run(_ graph: Graph) throws(Diagnostic) -> [[String: Tensor]] {
    let engine = try Engine(.reference, graph, limits: limits)
    let names = graph.outputs.map { graph[$0].name }
    let known = Set(graph.inputs.map { graph[$0].name })
    let feeds = set.feeds
    return try concurrentMap(feeds.count, threads: threads) { (index) throws(Diagnostic) in
      let tensors = try engine.run(feeds[index].restricted(to: known))
      return Dictionary(zip(names, tensors)) { first, _ in first }
    }
  }

  private func drift(from before: [[String: Tensor]], to after: [[String: Tensor]]) throws(Diagnostic) -> Drift {
    var drift = Drift(samples: set.count)
    var comparisons: [String: OutputComparison] = [:]
    for (feed, (old, new)) in zip(set.feeds, zip(before, after)) {
      for (name, tensor) in old {
        // Only a pass that was asked to may take an output away: the pipeline holds all others to the interface.
        guard let other = new[name] else { continue }
        if tensor != other { drift.changedOutputs += 1 }
        try comparisons[name, default: OutputComparison(name: name)].add(
          reference: try feed.withoutPadding(tensor), candidate: try feed.withoutPadding(other))
      }
    }
    for comparison in comparisons.values { drift.add(comparison) }
    return drift
  }
}

extension Drift {
  /// Takes in what one output did.
  fileprivate mutating func add(_ output: OutputComparison) {
    incomparable += output.incomparable
    absoluteError = max(absoluteError, output.maximumAbsoluteError)
    if output.maximumAbsoluteError > 0 {
      relativeError = max(relativeError, output.maximumAbsoluteError / output.maximumMagnitude)
    }
    cosine = min(cosine, output.minimumCosine)
    agreement = min(agreement, output.agreement)
  }
}
