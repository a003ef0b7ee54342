/// What an output's numbers decide, which says how two models' answers are compared.
public enum TaskKind: String, Sendable, Hashable, CaseIterable {
  /// A row of class scores for each sample.
  case classification
  /// A row of class scores for each token.
  case tokenClassification = "token-classification"
  /// Scores of where an answer starts and ends, for each token; two outputs make one task.
  case spans
  /// A vector for each sample, or one for each token, whose mean is the sample's.
  case embedding
  /// A row of scores over a vocabulary for each token.
  case sequence
  /// Numbers that are the answer themselves.
  case regression
  /// Whole numbers and truth values that are the answer themselves, such as classes: only equality counts.
  case labels
  /// Anything else: only errors are measured.
  case values
}
