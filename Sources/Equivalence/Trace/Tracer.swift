import LatheDiagnostics
import LatheIR
import LatheTensors

/// Compares two graphs value by value.
///
/// The inherited error is that of the candidate as it runs. For the own error, every value that has a counterpart is replaced by it
/// where it is read: what is left of the error comes from the node itself, or from nodes before it that have no counterparts.
public struct Tracer {
  let reference, candidate: Graph
  let pairing: GraphPairing
  let prepare: PrepareGraph

  public init(reference: Graph, candidate: Graph, prepare: @escaping PrepareGraph) {
    (self.reference, self.candidate, self.prepare) = (reference, candidate, prepare)
    pairing = GraphPairing(reference: reference, candidate: candidate)
  }

  /// The errors on all feeds.
  ///
  /// - Throws: what running the graphs throws.
  public func trace(_ feeds: [TraceFeed]) throws(Diagnostic) -> Trace {
    var entries = blankEntries()
    let known = try prepare(reference)
    let whole = try prepare(candidate)
    let refed = try RefedRun(candidate, pairing.pairs, prepare)
    for feed in feeds {
      let values = try counterparts(feed, known)
      try addInherited(feed, values, whole, to: &entries)
      try refed.run(feed, values) { (index, tensor) throws(Diagnostic) in
        try add(tensor, at: index, feed, values, \.own, to: &entries)
      }
    }
    return Trace(
      entries: entries.filter { $0.inherited.elements > 0 }, nodeCount: pairing.nodeCount, pairedNodeCount: pairing.pairedNodeCount)
  }

  private func blankEntries() -> [NodeTrace] {
    let boundary = Set(pairing.pairs.map(\.candidate))
    let places = Dictionary(candidate.order.enumerated().map { ($1, $0) }) { first, _ in first }
    var entries: [NodeTrace] = []
    for pair in pairing.pairs {
      guard let producer = candidate[pair.candidate].producer, let position = places[producer] else { continue }
      let region = candidate.region(of: pair.candidate, upTo: boundary).dropFirst().sorted { places[$0] ?? 0 < places[$1] ?? 0 }
      entries.append(
        NodeTrace(pair, position: position, companions: region.map(candidate.describe), reference: reference, candidate: candidate))
    }
    return entries
  }

  /// The reference's values, by id.
  func counterparts(_ feed: TraceFeed, _ run: RunShowing) throws(Diagnostic) -> [ValueID: Tensor] {
    var values: [ValueID: Tensor] = [:]
    for pair in pairing.pairs { values[pair.reference] = reference.constant(pair.reference) }
    _ = try run(feed.reference, Set(pairing.pairs.map(\.reference))) { (id, tensor) in values[id] = tensor }
    return values
  }

  private func addInherited(
    _ feed: TraceFeed, _ values: [ValueID: Tensor], _ run: RunShowing, to entries: inout [NodeTrace]
  ) throws(Diagnostic) {
    let places = Dictionary(entries.enumerated().map { ($1.pair.candidate, $0) }) { first, _ in first }
    _ = try run(feed.candidate, Set(places.keys)) { (id, tensor) throws(Diagnostic) in
      guard let index = places[id] else { return }
      try add(tensor, at: index, feed, values, \.inherited, to: &entries)
      let pair = entries[index].pair
      guard let scale = pair.candidateScale, let other = values[pair.reference] else { return }
      let (part, floats) = (try feed.part(tensor, id, candidate), pair.referenceScale?.floats(of: other) ?? other)
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

/// Runs a candidate with the reference's values in the place of its own where these are read.
struct RefedRun {
  private let pairs: [ValuePair]
  private let inputs: [String]
  private let places: [ValueID: Int]
  private let run: RunShowing

  init(_ candidate: Graph, _ pairs: [ValuePair], _ prepare: PrepareGraph) throws(Diagnostic) {
    self.pairs = pairs
    let refed = try candidate.refeeding(pairs.map(\.candidate))
    inputs = refed.inputs
    places = Dictionary(pairs.enumerated().map { ($1.candidate, $0) }) { first, _ in first }
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
    _ = try run(fed, Set(places.keys)) { (id, tensor) throws(Diagnostic) in
      if let index = places[id] { try show(index, tensor) }
    }
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
