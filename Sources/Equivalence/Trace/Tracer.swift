import LatheDiagnostics
import LatheIR
import LatheTensors

/// Compares two graphs value by value.
///
/// The inherited error is that of the candidate as it runs. For the own error, every value that has a counterpart is replaced by it
/// where it is read: what is left of the error comes from the node itself, or from nodes before it that have no counterparts.
public struct Tracer {
  let reference, candidate: Graph
  let feeds: [TraceFeed]
  /// Values that have the same shapes in both graphs.
  let pairs: [ValuePair]
  let prepare: PrepareGraph

  /// - Throws: what running the graphs on the first feed throws.
  public init(reference: Graph, candidate: Graph, feeds: [TraceFeed], prepare: @escaping PrepareGraph) throws(Diagnostic) {
    (self.reference, self.candidate, self.feeds, self.prepare) = (reference, candidate, feeds, prepare)
    let all = GraphPairing(reference: reference, candidate: candidate).pairs
    guard let first = feeds.first else {
      pairs = []
      return
    }
    let before = try Self.counterparts(first, try ValueRun(reference, all.map(\.reference), prepare), all, reference)
    let after = try ValueRun(candidate, all.map(\.candidate), prepare).values(first.candidate)
    pairs = all.filter { pair in before[pair.reference].map { $0.shape == after[pair.candidate]?.shape } ?? false }
  }

  /// The errors on all feeds.
  ///
  /// - Throws: what running the graphs throws.
  public func trace() throws(Diagnostic) -> Trace {
    var entries = blankEntries()
    let known = try ValueRun(reference, pairs.map(\.reference), prepare)
    let whole = try ValueRun(candidate, pairs.map(\.candidate), prepare)
    let refed = try RefedRun(candidate, pairs, prepare)
    for feed in feeds {
      let values = try Self.counterparts(feed, known, pairs, reference)
      try addInherited(feed, values, whole, to: &entries)
      try refed.run(feed, values) { (index, tensor) throws(Diagnostic) in
        try add(tensor, at: index, feed, values, \.own, to: &entries)
      }
    }
    return Trace(
      entries: entries, nodeCount: candidate.order.count, pairedNodeCount: Set(entries.map(\.id)).count)
  }

  private func blankEntries() -> [NodeTrace] {
    let boundary = Set(pairs.map(\.candidate))
    let places = Dictionary(candidate.order.enumerated().map { ($1, $0) }) { first, _ in first }
    var entries: [NodeTrace] = []
    for pair in pairs {
      guard let producer = candidate[pair.candidate].producer, let position = places[producer] else { continue }
      let region = candidate.region(of: pair.candidate, upTo: boundary).dropFirst().sorted { places[$0] ?? 0 < places[$1] ?? 0 }
      entries.append(
        NodeTrace(pair, position: position, companions: region.map(candidate.describe), reference: reference, candidate: candidate))
    }
    return entries
  }

  /// The reference's values, by id.
  static func counterparts(
    _ feed: TraceFeed, _ run: ValueRun, _ pairs: [ValuePair], _ reference: Graph
  ) throws(Diagnostic) -> [ValueID: Tensor] {
    var values = try run.values(feed.reference)
    for pair in pairs { if let constant = reference.constant(pair.reference) { values[pair.reference] = constant } }
    return values
  }

  private func addInherited(
    _ feed: TraceFeed, _ values: [ValueID: Tensor], _ run: ValueRun, to entries: inout [NodeTrace]
  ) throws(Diagnostic) {
    let own = try run.values(feed.candidate)
    for index in entries.indices {
      let pair = entries[index].pair
      guard let tensor = own[pair.candidate] else { continue }
      try add(tensor, at: index, feed, values, \.inherited, to: &entries)
      guard let scale = pair.candidateScale, let other = values[pair.reference] else { continue }
      let (part, floats) = (try feed.part(tensor, pair.candidate, candidate), pair.referenceScale?.floats(of: other) ?? other)
      entries[index].codes?.count += part.elementCount
      entries[index].codes?.saturated += scale.saturated(part)
      entries[index].codes?.clipped += scale.clipped(try feed.part(floats, pair.reference, reference))
    }
  }

  /// Compares a value with its counterpart; values that turn out to have other shapes are no counterparts.
  private func add(
    _ tensor: Tensor, at index: Int, _ feed: TraceFeed, _ values: [ValueID: Tensor],
    _ error: WritableKeyPath<NodeTrace, OutputComparison>, to entries: inout [NodeTrace]
  ) throws(Diagnostic) {
    let pair = entries[index].pair
    guard let known = values[pair.reference] else { return }
    let before = pair.referenceScale?.floats(of: known) ?? known
    let after = pair.candidateScale?.floats(of: tensor) ?? tensor
    guard before.shape == after.shape, before.dtype == after.dtype else { return }
    try entries[index][keyPath: error].add(
      reference: try feed.part(before, pair.reference, reference), candidate: try feed.part(after, pair.candidate, candidate))
  }
}

/// Runs a graph for some of its values.
struct ValueRun {
  private let ids: [ValueID]
  private let run: RunGraph

  init(_ graph: Graph, _ values: [ValueID], _ prepare: PrepareGraph) throws(Diagnostic) {
    var graph = graph
    var seen: Set<ValueID> = []
    ids = values.filter { graph[$0].producer != nil && seen.insert($0).inserted }
    graph.setOutputs(ids)
    run = try prepare(graph)
  }

  func values(_ inputs: [String: Tensor]) throws(Diagnostic) -> [ValueID: Tensor] {
    Dictionary(zip(ids, try run(inputs))) { first, _ in first }
  }
}

/// Runs a candidate with the reference's values in the place of its own where these are read.
struct RefedRun {
  private let pairs: [ValuePair]
  private let inputs: [String]
  private let run: RunGraph

  init(_ candidate: Graph, _ pairs: [ValuePair], _ prepare: PrepareGraph) throws(Diagnostic) {
    self.pairs = pairs
    let refed = try candidate.refeeding(pairs.map(\.candidate))
    inputs = refed.inputs
    run = try prepare(refed.graph)
  }

  /// Shows what each pair's node makes of the reference's values.
  func run(
    _ feed: TraceFeed, _ values: [ValueID: Tensor], _ show: (Int, Tensor) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var fed = feed.candidate
    for (pair, name) in zip(pairs, inputs) {
      guard let known = values[pair.reference] else { continue }
      fed[name] = try pair.asCandidate(known)
    }
    for (index, tensor) in try run(fed).enumerated() { try show(index, tensor) }
  }
}

extension ValuePair {
  /// A value of the reference as the candidate holds it.
  func asCandidate(_ value: Tensor) throws(Diagnostic) -> Tensor {
    guard let candidateScale, candidateScale != referenceScale else { return value }
    return candidateScale.codes(of: referenceScale?.floats(of: value) ?? value) ?? value
  }

  /// A value of the candidate as the reference holds it.
  func asReference(_ value: Tensor) throws(Diagnostic) -> Tensor {
    guard let candidateScale, candidateScale != referenceScale else { return value }
    let floats = candidateScale.floats(of: value) ?? value
    return referenceScale.map { $0.codes(of: floats) ?? floats } ?? floats
  }
}
