/// What one output, or two that belong together, decide, and why that was taken to be so.
public struct OutputTask: Sendable, Hashable {
  /// The output; for answers in a text those of the start and of the end.
  public var outputs: [String]
  public var kind: TaskKind
  /// For reports.
  public var reason: String

  public init(_ outputs: [String], _ kind: TaskKind, reason: String) {
    self.outputs = outputs
    self.kind = kind
    self.reason = reason
  }

  /// What the task is called: its outputs.
  public var name: String { outputs.joined(separator: " and ") }

  /// Whether each sample has a row for each of its tokens.
  public var isByToken: Bool { kind == .tokenClassification || kind == .sequence || kind == .spans }
}
