/// What the indices of a structure are, as far as the ways they are used tell.
public enum StructureKind: String, Sendable, Hashable, CaseIterable, Codable {
  /// Parts of attention that are computed side by side: blocks of several places of weights.
  case heads
  /// Features of a layer between two matrices.
  case neurons
  /// Features between convolutions.
  case channels
  /// Features that are carried from step to step.
  case units
  /// Features within each head.
  case headFeatures = "head-features"
  /// Features that a normalization takes together, as those of the residual stream and of the embeddings.
  case hidden
}
