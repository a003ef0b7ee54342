import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LatheSamples
import LatheTensors

/// Measures on samples how far a graph's outputs are from those of the graph before it, and of the first.
final class DriftGauge {
  /// What a graph gave for the samples as it read them.
  private struct Reading {
    var graph: Graph
    var set: SampleSet
    var outputs: [[String: Tensor]]
  }

  private let samples: FollowingSamples
  private let limits: ResourceLimits
  private let threads: Int
  private var source: Reading?
  private var last: (reading: Reading, total: Drift)?
  private var change: FollowingSamples.Change?
  /// All tokens that went so far.
  private var cut: VocabularyCut?
  /// Whether samples are in other batches than at first.
  private var isReread = false

  init(_ samples: FollowingSamples, limits: ResourceLimits, threads: Int) {
    (self.samples, self.limits, self.threads) = (samples, limits, threads)
  }

  /// Takes note of what the next graph to be measured reads otherwise.
  func note(_ change: FollowingSamples.Change) {
    self.change = change
    isReread = true
    if let next = change.cut { cut = cut?.followed(by: next) ?? next }
  }

  /// - Throws: the interpreter's diagnostics, and `equivalence/shape` where an output changes its shape.
  func measure(_ graph: Graph) throws(Diagnostic) -> (step: Drift, total: Drift) {
    if change == nil, let last, last.reading.graph == graph { return (Drift(samples: last.reading.set.count), last.total) }
    let runs = runs(samples.set)
    let reading = Reading(graph: graph, set: runs.set, outputs: try runs.outputs(of: graph))
    guard let last, let source else {
      self.source = reading
      self.last = (reading, Drift(samples: runs.set.count))
      return (Drift(samples: runs.set.count), Drift(samples: runs.set.count))
    }
    let own: Drift
    if let change {
      own = try drift(over: change, from: last.reading.graph, to: graph)
    } else {
      own = try runs.drift(from: last.reading.outputs, to: reading.outputs, of: graph)
    }
    change = nil
    let total = isReread ? try pairedDrift(from: source, to: reading) : try runs.drift(from: source.outputs, to: reading.outputs, of: graph)
    self.last = (reading, total)
    return (own, total)
  }

  /// The last graph's outputs against the first's, with decisions; nil before anything was measured.
  ///
  /// - Throws: `equivalence/shape` where an output changed its type.
  func equivalence(_ text: TextAssets?) throws(Diagnostic) -> EquivalenceReport? {
    guard let source, let last = last?.reading else { return nil }
    let (before, after) = try paired(from: source, to: last)
    let names = last.graph.outputs.map { last.graph[$0].name }
    let runner: FeedComparison.Runner = ("", try Engine(.reference, last.graph, limits: limits))
    let judge = try DecisionJudge(runner, last.set, text)
    let pairs = PairedOutputs(names: names, reference: before, candidate: after, labels: last.set.labels)
    return try pairs.report(judge, Tolerance(), isCovered: covered(source.set, last.set))
  }

  /// Which samples are read as before; nil where all are.
  private func covered(_ before: SampleSet, _ after: SampleSet) -> ((Int) -> Bool)? {
    guard isReread, let old = before.ids, let new = after.ids else { return nil }
    let ids = cut?.newIDs
    return { sample in
      guard old.indices.contains(sample), new.indices.contains(sample), old[sample].count == new[sample].count else { return false }
      guard let ids else { return old[sample] == new[sample] }
      return zip(old[sample], new[sample]).allSatisfy { ids.indices.contains(Int($0)) && ids[Int($0)] == Int($1) }
    }
  }

  private func runs(_ set: SampleSet) -> SampleRuns { SampleRuns(set: set, engine: .reference, limits: limits, threads: threads) }

  /// The drift of a step that changes how texts are read: on the samples that are read as before.
  private func drift(over change: FollowingSamples.Change, from before: Graph, to after: Graph) throws(Diagnostic) -> Drift {
    guard let covered = change.covered else {
      var drift = Drift(samples: samples.set.count)
      drift.covered = 0
      return drift
    }
    var outputs = try runs(covered.before).outputs(of: before)
    if let cut = change.cut { outputs = try outputs.map { (tensors) throws(Diagnostic) in try cut.kept(of: tensors) } }
    var drift = try runs(covered.after).drift(from: outputs, to: try runs(covered.after).outputs(of: after), of: after)
    (drift.covered, drift.samples) = (covered.before.count, samples.set.count)
    return drift
  }

  /// Outputs sample by sample, without those of tokens that are gone.
  private func paired(from source: Reading, to reading: Reading) throws(Diagnostic) -> (before: SampleOutputs, after: SampleOutputs) {
    var outputs = source.outputs
    if let cut { outputs = try outputs.map { (tensors) throws(Diagnostic) in try cut.kept(of: tensors) } }
    return (try SampleOutputs(source.set, outputs, of: source.graph), try SampleOutputs(reading.set, reading.outputs, of: reading.graph))
  }

  /// The drift sample by sample, where batches are not the same.
  private func pairedDrift(from source: Reading, to reading: Reading) throws(Diagnostic) -> Drift {
    let (before, after) = try paired(from: source, to: reading)
    return try Drift(samples: reading.set.count, from: before, to: after)
  }
}

extension VocabularyCut {
  /// The outputs without the indices of tokens that are gone.
  fileprivate func kept(of outputs: [String: Tensor]) throws(Diagnostic) -> [String: Tensor] {
    var result = outputs
    for output in self.outputs {
      guard let tensor = outputs[output.name] else { continue }
      result[output.name] = try tensor.keeping(kept, along: output.axis)
    }
    return result
  }
}
