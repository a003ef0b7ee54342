import LatheDiagnostics
import LathePassKit
import LatheTokenizers

/// What the texts of a corpus use of a vocabulary.
struct CorpusUse {
  /// How often a word or a token occurs.
  struct Count {
    /// In all texts.
    var all = 0
    /// In texts that are not held out.
    var shown = 0
  }

  /// More different words are not remembered: the rarest go.
  private static let mostWords = 1 << 22

  /// By id.
  private(set) var tokens: [Count]
  private(set) var words: [String: Count] = [:]
  private(set) var texts = Count()
  /// Whether rare words were forgotten.
  private(set) var forgetsWords = false

  /// Reads the corpus once.
  ///
  /// - Parameter heldOut: share of the texts that are held out, which are spread evenly.
  init(_ corpus: Corpus, _ tokenizer: WordPieceTokenizer, heldOut: Double) throws(Diagnostic) {
    tokens = Array(repeating: Count(), count: tokenizer.vocabulary.count)
    var copy = self
    try corpus.forEach { (text) throws(Diagnostic) in
      copy.take(text, tokenizer, isShown: !Self.isHeldOut(copy.texts.all, heldOut))
    }
    self = copy
  }

  /// Whether the text of this number is held out.
  static func isHeldOut(_ number: Int, _ share: Double) -> Bool { Int(Double(number + 1) * share) > Int(Double(number) * share) }

  private mutating func take(_ text: String, _ tokenizer: WordPieceTokenizer, isShown: Bool) {
    texts.add(1, isShown)
    for id in tokenizer.encode(text) { tokens[Int(id)].add(1, isShown) }
    for word in tokenizer.words(of: text) { words[word, default: Count()].add(1, isShown) }
    if words.count > Self.mostWords { forgetRareWords() }
  }

  private mutating func forgetRareWords() {
    var least = 1
    while words.count > Self.mostWords / 2 {
      words = words.filter { $0.value.all > least }
      least *= 2
    }
    forgetsWords = true
  }
}

extension CorpusUse.Count {
  fileprivate mutating func add(_ count: Int, _ isShown: Bool) {
    all += count
    shown += isShown ? count : 0
  }
}
