/// How the worth of an index is judged.
public enum Importance: String, Sendable, Codable, CaseIterable {
  /// As a file of structures tells.
  case given
  /// By the norms of its weights.
  case magnitude
  /// By what the outputs lose without it alone.
  case leaveOneOut = "leave-one-out"
  /// By what the layer behind loses without it, if that is fitted anew.
  case reconstruction
}
