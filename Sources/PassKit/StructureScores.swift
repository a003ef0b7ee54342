/// How much each index of a structure of a graph is worth, or which of them stay, as a trainer or an earlier run tells.
public struct StructureScores: Sendable, Hashable {
  /// Name of a constant of the graph that has the structure on one of its axes; any of them will do.
  public var weights: String
  public var axis: Int
  /// Indices of the structure, and how many places each covers along the axis.
  public var extent: Int
  public var block: Int
  /// `heads`, `neurons`, …, for people.
  public var kind: String?
  /// The higher, the later an index goes; nil where only a mask is given.
  public var scores: [Double]?
  /// Whether each index stays; nil where the width decides.
  public var mask: [Bool]?

  public init(weights: String, axis: Int, extent: Int, block: Int, kind: String? = nil, scores: [Double]? = nil, mask: [Bool]? = nil) {
    (self.weights, self.axis, self.extent, self.block) = (weights, axis, extent, block)
    (self.kind, self.scores, self.mask) = (kind, scores, mask)
  }
}
