import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors
import LatheTokenizers

/// Cuts the tokens that texts never use, or hardly ever, out of the model and its vocabulary.
///
/// ```
/// @words: f32[40000, 128]                        →    @words: f32[31204, 128]
/// %x = Gather(@words, %input_ids)                     %x = Gather(@words, %input_ids)
/// %y = lathe::Linear(%h, @words.transposed, @b)       %y = lathe::Linear(%h, @words.transposed, @b)    (31204 columns)
/// ```
/// Everything that has an index for each token is cut together: tables, projections that are tied to them, biases, outputs. Ids mean something else
/// from then on: the vocabulary follows, and the record says which ids before are left. Texts whose tokens are all kept give the same bits.
///
/// Counts come from the corpus of the conversion, or from its file of token counts. Of a corpus, words that lose a piece are read again by what is left,
/// and a share of the texts is held out to tell how a vocabulary chosen without them would read them; what is shipped is chosen from all texts. Where
/// there are counts alone, the tokens that begin a word stand for the words.
public struct Trim: ChangesInterface {
  public struct Options: PassOptions {
    /// At most so many tokens stay; 0 for any number.
    public var keep = 0
    /// Tokens that occur less often go.
    public var minimumCount = 1
    /// The most frequent tokens that make up this share of all occurrences stay.
    public var coverage = 1.0
    /// Ids that stay, whatever they count.
    public var alwaysKeep: [Int] = []
    /// Share of the corpus that is held out to measure on.
    public var heldOut = 0.1

    public init() {}
  }

  public static let id: PassID = "vocabulary/trim"
  public static let summary = "cuts tokens that texts do not use out of tables, projections and vocabulary"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .identicalBitsWhereCovered }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    try checkOptions()
    var outcome = PassOutcome()
    let tokenizer = try tokenizer(context)
    let corpus = context.texts.corpus
    var use: CorpusUse?
    if let tokenizer, let corpus { use = try CorpusUse(corpus, tokenizer, heldOut: options.heldOut) }
    var counts = try counts(use, context)
    let vocabulary = try VocabularyAxis(size: tokenizer?.vocabulary.count, least: counts.count, in: graph)
    counts += Array(repeating: 0, count: vocabulary.size - counts.count)
    var selection = TokenSelection(keep: options.keep, minimumCount: options.minimumCount, coverage: options.coverage)
    selection.always = try always(tokenizer, vocabulary)
    let kept = try kept(counts, selection, tokenizer, use)
    guard kept.contains(where: { counts[$0] > 0 }) else {
      throw .invalid(
        "vocabulary/nothing-covered", "no token of the model occurs in \(corpus?.name ?? "the counts")", at: location,
        fix: "give texts of the kind that the model is for, with the model's own vocabulary")
    }
    guard kept.count < vocabulary.size else {
      outcome.record("the vocabulary", .declined("all \(vocabulary.size) tokens are to be kept"))
      return outcome
    }
    for subject in vocabulary.subjects(in: graph) { outcome.record(subject, .done) }
    let inputs = vocabulary.inputs.map { graph[$0].name }
    let outputs = vocabulary.outputs.map { VocabularyCut.Output(name: graph[$0.value].name, axis: $0.axis) }
    try vocabulary.cut(keeping: kept, &graph, context)
    outcome.vocabulary = VocabularyCut(count: vocabulary.size, kept: kept, inputs: inputs, outputs: outputs)
    outcome.notes = try notes(counts, kept, selection, tokenizer, use, corpus)
    return outcome
  }

  private var location: Location { Location(pass: Self.id.rawValue) }

  private func checkOptions() throws(Diagnostic) {
    guard options.keep >= 0, options.minimumCount >= 1, options.coverage > 0, options.coverage <= 1, (0...0.5).contains(options.heldOut) else {
      throw Diagnostic(
        "vocabulary/options", .usage,
        "keep is 0 or more, minimum-count 1 or more, coverage above 0 and up to 1, held-out 0 to 0.5", at: location)
    }
  }

  private func tokenizer(_ context: PassContext) throws(Diagnostic) -> WordPieceTokenizer? {
    guard let assets = context.texts.assets, !assets.vocabulary.isEmpty else { return nil }
    return try TokenizerSettings.tokenizer(assets.vocabulary, assets.tokenizerOptions)
  }

  private func counts(_ use: CorpusUse?, _ context: PassContext) throws(Diagnostic) -> [Int] {
    if let use { return use.tokens.map(\.all) }
    if let counts = try context.tokenCounts?() { return counts }
    let hasCorpus = context.texts.corpus != nil
    throw Diagnostic(
      "vocabulary/corpus", .usage, hasCorpus ? "the model has no vocabulary to read the corpus with" : "nothing says which tokens are used", at: location,
      fix: hasCorpus ? "add --vocab FILE, or give --token-counts FILE in the place of a corpus" : "add --corpus FILE or --token-counts FILE")
  }

  private func always(_ tokenizer: WordPieceTokenizer?, _ vocabulary: VocabularyAxis) throws(Diagnostic) -> Set<Int> {
    let ids = Set(options.alwaysKeep + (tokenizer?.specialIDs ?? []) + vocabulary.constantIDs)
    guard let wrong = ids.first(where: { !(0..<vocabulary.size).contains($0) }) else { return ids }
    throw Diagnostic("vocabulary/always-keep", .usage, "there is no id \(wrong) among \(vocabulary.size) tokens", at: location)
  }

  private func kept(
    _ counts: [Int], _ selection: TokenSelection, _ tokenizer: WordPieceTokenizer?, _ use: CorpusUse?
  ) throws(Diagnostic) -> [Int] {
    guard let tokenizer else { return selection.chosen(counts) }
    guard let use else { return try selection.closed(counts, words: tokenizer.wholeWords.map { ($0.word, counts[$0.id]) }, tokenizer) }
    return try selection.closed(counts, words: use.words.lazy.map { ($0.key, $0.value.all) }, tokenizer)
  }

  private func notes(
    _ counts: [Int], _ kept: [Int], _ selection: TokenSelection, _ tokenizer: WordPieceTokenizer?, _ use: CorpusUse?, _ corpus: Corpus?
  ) throws(Diagnostic) -> [String] {
    let (covered, total) = (kept.reduce(0) { $0 + counts[$1] }, counts.reduce(0, +))
    let source = use.map { "\($0.texts.all) texts of \(corpus?.name ?? "the corpus")" } ?? "the token counts"
    var notes = ["\(counts.count) → \(kept.count) tokens, which are \(TrimReport.percent(covered, total)) of the tokens in \(source)"]
    guard let tokenizer, let use, let corpus else { return notes }
    let report = TrimReport(tokenizer)
    if options.heldOut > 0 {
      let shown = try selection.closed(
        use.tokens.map(\.shown), words: use.words.lazy.map { ($0.key, $0.value.shown) }.filter { $0.1 > 0 }, tokenizer)
      if let line = try report.heldOut(corpus, share: options.heldOut, kept: shown) { notes.append(line) }
    }
    notes += try report.changedWords(use, kept: kept)
    if use.forgetsWords { notes.append("the corpus has too many different words: the rarest were not looked at") }
    return notes
  }
}
