/// Which tokens of a vocabulary a pass left in the model.
public struct VocabularyCut: Sendable, Hashable {
  /// An output with an index for each token.
  public struct Output: Sendable, Hashable {
    public let name: String
    public let axis: Int

    public init(name: String, axis: Int) {
      self.name = name
      self.axis = axis
    }
  }

  /// Tokens before.
  public let count: Int
  /// The ids before of those that are left, ascending: their places are the ids behind.
  public let kept: [Int]
  /// Inputs of the graph that hold ids.
  public let inputs: [String]
  /// Outputs that have lost indices as well.
  public let outputs: [Output]

  public init(count: Int, kept: [Int], inputs: [String], outputs: [Output] = []) {
    self.count = count
    self.kept = kept
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The id behind of each id before; nil for those that are gone.
  public var newIDs: [Int?] {
    var ids = [Int?](repeating: nil, count: count)
    for (place, id) in kept.enumerated() where ids.indices.contains(id) { ids[id] = place }
    return ids
  }

  /// This cut and, behind it, one of what it left.
  public func followed(by next: VocabularyCut) -> VocabularyCut {
    VocabularyCut(count: count, kept: next.kept.compactMap { kept.indices.contains($0) ? kept[$0] : nil }, inputs: inputs, outputs: outputs)
  }
}
