import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import LatheSamples
import LatheTokenizers
import OrderedCollections
import Synchronization

/// What a conversion knows of the texts that its model is for, as passes change how the model reads them.
final class ConversionTexts: Sendable {
  private struct State {
    var assets: TextAssets?
    /// All tokens that went so far.
    var cut: VocabularyCut?
    /// By the present vocabulary; nil before they are asked for.
    var counts: [Int]?
  }

  private let corpus: Corpus?
  private let hasCountsFile: Bool
  /// The files, for the record; nil where nothing is given.
  let json: JSONValue?
  private let state: Mutex<State>

  /// - Throws: as `CorpusReader` and `TokenCountsFile`.
  init(_ assets: TextAssets?, _ options: CorpusOptions, limits: ResourceLimits) throws(Diagnostic) {
    let counts = try options.tokenCounts.map { (path) throws(Diagnostic) in try TokenCountsFile.read(path: path) }
    state = Mutex(State(assets: assets, counts: counts))
    hasCountsFile = counts != nil
    corpus = try options.reader(limits).map { Corpus($0, name: options.corpus.joined(separator: ", ")) }
    json = try Self.describe(options)
  }

  private static func describe(_ options: CorpusOptions) throws(Diagnostic) -> JSONValue? {
    if let path = options.tokenCounts { return ["token_counts": try SourceDigest.describe(path)] }
    guard !options.corpus.isEmpty else { return nil }
    var files: [JSONValue] = []
    for path in options.corpus { files.append(try SourceDigest.describe(path)) }
    var object: OrderedDictionary<String, JSONValue> = ["files": .array(files)]
    if let rows = options.corpusRows { object["rows"] = .string(rows) }
    return .object(object)
  }

  /// Vocabulary and labels now.
  var assets: TextAssets? { state.withLock { $0.assets } }

  /// All tokens that went; nil if none did.
  var cut: VocabularyCut? { state.withLock { $0.cut } }

  /// What passes may know.
  var knowledge: TextKnowledge { TextKnowledge(assets: assets, corpus: corpus) }

  /// How often each id of the present vocabulary occurs; nil where nothing says.
  func tokenCounts() throws(Diagnostic) -> [Int]? {
    let (known, assets) = state.withLock { ($0.counts, $0.assets) }
    if let known { return known }
    guard let corpus, let assets, !assets.vocabulary.isEmpty else { return nil }
    let counts = try TokenCensus(assets).counts(of: corpus)
    state.withLock { $0.counts = counts }
    return counts
  }

  /// Takes note of what a pass changed.
  ///
  /// - Throws: `tokenizers/…` where the tokens that are left make no vocabulary.
  func apply(_ outcome: PassOutcome) throws(Diagnostic) {
    var state = state.withLock { $0 }
    if let next = outcome.vocabulary {
      state.cut = state.cut?.followed(by: next) ?? next
      // A corpus is read otherwise now; counts of a file can only be carried over.
      state.counts = hasCountsFile ? state.counts.map { counts in next.kept.map { counts.indices.contains($0) ? counts[$0] : 0 } } : nil
      if let assets = state.assets, !assets.vocabulary.isEmpty {
        let tokens = try Vocabulary(assets.vocabulary).tokens
        state.assets?.vocabulary = try Vocabulary(tokens: next.kept.map { tokens[$0] }).bytes
      }
    }
    if let bound = outcome.maximumLength {
      var assets = state.assets ?? TextAssets()
      assets.maximumLength = min(bound, assets.maximumLength ?? bound)
      state.assets = assets
    }
    let changed = state
    self.state.withLock { $0 = changed }
  }
}

/// Counts tokens of texts.
struct TokenCensus {
  let tokenizer: WordPieceTokenizer

  /// - Throws: `tokenizers/…` for a vocabulary that makes no tokenizer.
  init(_ assets: TextAssets) throws(Diagnostic) {
    tokenizer = try TokenizerSettings.tokenizer(assets.vocabulary, assets.tokenizerOptions)
  }

  /// How often each id occurs.
  func counts(of corpus: Corpus) throws(Diagnostic) -> [Int] {
    var counts = [Int](repeating: 0, count: tokenizer.vocabulary.count)
    try corpus.forEach { (text) throws(Diagnostic) in for id in tokenizer.encode(text) { counts[Int(id)] += 1 } }
    return counts
  }
}

extension Corpus {
  /// Files, with a progress bar while they are read.
  init(_ reader: CorpusReader, name: String) {
    self.init(name: name) { (body) throws(Diagnostic) in
      let progress = ProgressBar("reading the corpus", total: reader.byteCount)
      defer { progress.finish() }
      try reader.forEach(progress: { progress.advance(by: $0) }, body)
    }
  }
}
