import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheTensors

/// What one node's own error does to the outputs, if everything else is as in the reference.
public struct NodeEffect: Sendable {
  public let entry: NodeTrace
  /// The outputs against the reference's.
  public let report: EquivalenceReport

  /// Whether the node alone breaks the tolerance.
  public var breaksTolerance: Bool { !report.isEquivalent }

  /// Energy of the error over that of the reference, of the output where it is largest.
  public var noise: Double { report.outputs.map(\.noise).max() ?? 0 }

  /// The effect for machines.
  public var json: JSONValue {
    [
      "node": .string(entry.node), "value": .string(entry.value), "breaks": .bool(breaksTolerance),
      "noise": noise.isFinite ? .number(noise) : .null,
      "violations": .array(report.violations.map { .string($0.output.isEmpty ? $0.message : "\($0.output): \($0.message)") }),
    ]
  }
}

extension [NodeEffect] {
  /// The node to blame: among those that break the tolerance by themselves, or else among all, the first that does about as much as any.
  ///
  /// What a node writes more coarsely, its readers compute more coarsely: half of the largest effect counts as about as much.
  public var culprit: NodeEffect? {
    let breaking = filter(\.breaksTolerance)
    let suspects = (breaking.isEmpty ? self : breaking).sorted { $0.entry.position < $1.entry.position }
    let most = suspects.map(\.noise).max() ?? 0
    return suspects.first { $0.noise >= most / 2 || $0.noise == .infinity }
  }
}

extension Tracer {
  /// What each node's own error does to the outputs of the reference.
  ///
  /// - Parameter entries: of a trace of these graphs; at most `most` of them, those of the largest errors, are tried.
  /// - Throws: what running the graphs throws.
  public func effects(
    of entries: [NodeTrace], tolerance: Tolerance, most: Int = 32
  ) throws(Diagnostic) -> [NodeEffect] {
    let suspects = entries.filter { !$0.own.isRounding }.sorted { $0.own.weight > $1.own.weight }.prefix(most)
    guard !suspects.isEmpty else { return [] }
    let known = try ValueRun(reference, pairs.map(\.reference), prepare)
    let whole = try prepare(reference)
    let refed = try RefedRun(candidate, pairs, prepare)
    var runs: [Injection] = []
    for feed in feeds {
      var injection = Injection(feed: feed, outputs: [:], values: [:])
      let values = try Self.counterparts(feed, known, pairs, reference)
      for (id, tensor) in zip(reference.outputs, try whole(feed.reference)) { injection.outputs[id] = tensor }
      try refed.run(feed, values) { (index, tensor) throws(Diagnostic) in
        let pair = pairs[index]
        if suspects.contains(where: { $0.pair.candidate == pair.candidate }) {
          injection.values[pair.candidate] = try pair.asReference(tensor)
        }
      }
      runs.append(injection)
    }
    var effects: [NodeEffect] = []
    for entry in suspects.sorted(by: { $0.position < $1.position }) { effects.append(try effect(of: entry, runs, tolerance)) }
    return effects
  }

  /// What is known of one feed before values are injected.
  private struct Injection {
    let feed: TraceFeed
    /// The reference's outputs.
    var outputs: [ValueID: Tensor]
    /// What the candidate's nodes made of the reference's values, as the reference holds it.
    var values: [ValueID: Tensor]
  }

  private func effect(of entry: NodeTrace, _ runs: [Injection], _ tolerance: Tolerance) throws(Diagnostic) -> NodeEffect {
    let source = entry.pair.reference
    let (graph, input) = try reference.injecting(source)
    let run = try prepare(graph)
    var outputs = reference.outputs.map { OutputComparison(name: reference[$0].name) }
    var ranks = outputs.map { _ in 0 }
    for injection in runs {
      guard let value = injection.values[entry.pair.candidate] else { continue }
      let given = injection.feed.reference.merging([input: value]) { _, own in own }
      let results = try run(given)
      for (place, id) in reference.outputs.enumerated() {
        guard let before = injection.outputs[id] else { continue }
        ranks[place] = before.rank
        try outputs[place].add(
          reference: try injection.feed.part(before, id, reference), candidate: try injection.feed.part(results[place], id, reference))
      }
    }
    // One node's share of a bound on accuracy cannot be told from few samples.
    var bounds = tolerance
    bounds.minimumAccuracyDelta = nil
    return NodeEffect(
      entry: entry,
      report: EquivalenceReport(samples: runs.count, outputs: outputs, ranks: ranks, accuracy: nil, tolerance: bounds))
  }
}
