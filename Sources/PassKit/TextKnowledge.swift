import LatheDiagnostics
import LatheIR

/// What passes may know of the texts that a model is for.
public struct TextKnowledge: Sendable {
  /// Vocabulary and tokenizer options as they are when the pass runs; nil for a model that came without.
  public var assets: TextAssets?
  /// The texts; nil where none are given.
  public var corpus: Corpus?

  public init(assets: TextAssets? = nil, corpus: Corpus? = nil) {
    self.assets = assets
    self.corpus = corpus
  }
}

/// Texts that may be read more than once, one at a time.
public struct Corpus: Sendable {
  /// Where they come from, for people.
  public let name: String
  /// Gives the body each text, in order.
  public let forEach: @Sendable (_ body: (String) throws(Diagnostic) -> Void) throws(Diagnostic) -> Void

  public init(
    name: String, forEach: @escaping @Sendable (_ body: (String) throws(Diagnostic) -> Void) throws(Diagnostic) -> Void
  ) {
    self.name = name
    self.forEach = forEach
  }
}

/// How often each id of the graph's present vocabulary occurs in the texts that the model is for; nil where nothing is known of them.
public typealias TokenCounts = @Sendable () throws(Diagnostic) -> [Int]?
