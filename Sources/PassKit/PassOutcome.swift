/// What became of everything a pass was asked to touch: nothing is skipped silently.
public struct PassOutcome: Sendable {
  /// The fate of one candidate.
  public enum Verdict: Sendable, Hashable {
    case done
    /// It matched but was left alone, for this reason.
    case declined(String)
    /// The pass has nothing to say about it.
    case notApplicable
  }

  /// One candidate, named as `Graph.describe` names nodes.
  public struct Item: Sendable, Hashable {
    public var subject: String
    public var verdict: Verdict
  }

  public private(set) var items: [Item] = []
  /// A promise that only the run could tell, in place of the pass's own.
  public var guarantee: Guarantee?
  /// Lines for the ledger about the run as a whole.
  public var notes: [String] = []
  /// What structures were found to be worth.
  public var structures: [StructureScores] = []
  /// The tokens that are left, where the pass cut the vocabulary.
  public var vocabulary: VocabularyCut?
  /// The most tokens that an input may have from now on, where the pass set a bound.
  public var maximumLength: Int?

  public init() {}

  /// Records what became of `subject`.
  public mutating func record(_ subject: String, _ verdict: Verdict) {
    items.append(Item(subject: subject, verdict: verdict))
  }

  /// Candidates that were changed.
  public var doneCount: Int { items.count { $0.verdict == .done } }

  /// Candidates that were left alone, each with its reason.
  public var declined: [(subject: String, reason: String)] {
    items.compactMap { item in
      guard case .declined(let reason) = item.verdict else { return nil }
      return (item.subject, reason)
    }
  }
}
