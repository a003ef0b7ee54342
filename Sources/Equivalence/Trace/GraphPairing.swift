import LatheIR
import LatheTensors

/// A value of a candidate graph and the value of the reference graph that it stands for.
public struct ValuePair: Sendable {
  public let reference: ValueID
  public let candidate: ValueID
  /// What the integers mean where the value is quantized.
  public let referenceScale: CodeScale?
  public let candidateScale: CodeScale?
}

/// Which values of two graphs stand for each other: by name, which fusions and quantization keep, then by where nodes come from.
public struct GraphPairing: Sendable {
  /// In the order of the candidate's nodes.
  public let pairs: [ValuePair]

  /// - Parameter includingIndices: whether integers of at most one axis count, which are arithmetic on shapes.
  public init(reference: Graph, candidate: Graph, includingIndices: Bool = false) {
    var finder = CounterpartFinder(reference, candidate, includingIndices: includingIndices)
    var pairs: [ValuePair] = []
    for id in candidate.order {
      for (position, output) in candidate[id].outputs.enumerated() {
        guard let output, let pair = finder.pair(of: output, at: position, of: id) else { continue }
        finder.partners[output] = pair.reference
        pairs.append(pair)
      }
    }
    self.pairs = pairs
  }
}

/// Finds what a value of the candidate stands for.
private struct CounterpartFinder {
  private let reference, candidate: Graph
  private let includesIndices: Bool
  /// The reference's nodes by where they come from, those alone that are the only ones.
  private var nodes: [String: NodeID] = [:]
  /// What was found so far, by value of the candidate.
  var partners: [ValueID: ValueID] = [:]

  init(_ reference: Graph, _ candidate: Graph, includingIndices: Bool) {
    (self.reference, self.candidate, includesIndices) = (reference, candidate, includingIndices)
    var ambiguous: Set<String> = []
    for id in reference.order {
      guard let source = Self.source(of: reference[id]) else { continue }
      if nodes.updateValue(id, forKey: source) != nil { ambiguous.insert(source) }
    }
    for source in ambiguous { nodes[source] = nil }
  }

  /// The imported node that a node still is.
  private static func source(of node: Node) -> String? {
    if case .source(let name) = node.provenance, !name.isEmpty { return name }
    return node.name.isEmpty ? nil : node.name
  }

  func pair(of value: ValueID, at position: Int, of id: NodeID) -> ValuePair? {
    guard let type = candidate[value].type?.tensor, counts(type) else { return nil }
    let own = CodeScale(of: value, in: candidate)
    let name = candidate[value].name
    if let same = reference.value(named: name), !Graph.looksGenerated(name) || isComputedAlike(same, id),
      let pair = pair(same, value, own)
    {
      return pair
    }
    if own != nil {
      for name in stems(of: value, id) {
        if let source = reference.value(named: name), let pair = pair(source, value, own) { return pair }
      }
    }
    guard let source = Self.source(of: candidate[id]), let other = nodes[source], reference[other].op.name == candidate[id].op.name,
      reference[other].outputs.indices.contains(position), let output = reference[other].outputs[position]
    else { return nil }
    return pair(output, value, own)
  }

  /// Whether a value of the reference is computed as a node computes its own, from operands that stand for each other.
  private func isComputedAlike(_ source: ValueID, _ id: NodeID) -> Bool {
    // Outputs have the names that the model's users know.
    if reference.isOutput(source) { return true }
    guard let node = reference.producer(of: source), node.op.name == candidate[id].op.name, node.inputs.count == candidate[id].inputs.count else {
      return false
    }
    return zip(node.inputs, candidate[id].inputs).allSatisfy { one, other in
      guard let one, let other else { return one == other }
      if let partner = partners[other] { return partner == one }
      return reference[one].name == candidate[other].name && (reference[one].producer == nil) == (candidate[other].producer == nil)
    }
  }

  /// Names that the floats may have of which a value holds the codes.
  private func stems(of value: ValueID, _ id: NodeID) -> [String] {
    let node = candidate[id]
    let name = candidate[value].name
    let onlyQuantizes = ["QuantizeLinear", "lathe::QuantizeRows"].contains(node.op.name.description)
    let source = onlyQuantizes ? node.inputs.first ?? nil : node.outputs.compactMap { $0 }.first { $0 != value }
    return [source.map { candidate[$0].name }, name.hasSuffix(".int8") ? String(name.dropLast(5)) : nil].compactMap { $0 }
  }

  private func pair(_ source: ValueID, _ value: ValueID, _ own: CodeScale?) -> ValuePair? {
    guard let before = reference[source].type?.tensor, let after = candidate[value].type?.tensor,
      reference[source].producer != nil || reference[source].constant != nil, Self.agree(before.shape, after.shape)
    else { return nil }
    let scale = CodeScale(of: source, in: reference)
    let isSame = before.dtype == after.dtype && (scale == nil) == (own == nil)
    guard isSame || own != nil && scale == nil && before.dtype == .float32 else { return nil }
    return ValuePair(reference: source, candidate: value, referenceScale: scale, candidateScale: own)
  }

  private func counts(_ type: TensorType) -> Bool {
    guard type.dtype != .string else { return false }
    return includesIndices || !(type.dtype == .int64 || type.dtype == .int32) || type.shape.map { $0.count > 1 } ?? false
  }

  private static func agree(_ one: Shape?, _ other: Shape?) -> Bool {
    guard let one, let other else { return true }
    return one.count == other.count && !zip(one, other).contains { $0.isProvablyDifferent(from: $1) }
  }
}
