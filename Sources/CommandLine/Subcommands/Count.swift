import ArgumentParser
import LatheDiagnostics
import LatheFiles
import LatheIR
import LathePassKit
import LatheSamples
import LatheTokenizers

/// `lathe count`: how often each token occurs in texts, as a file.
struct Count: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Count the tokens of texts, for passes that cut a vocabulary or weigh its tokens.",
    discussion: """
      The file has ID COUNT TOKEN in each line, for ids that occur. lathe convert --token-counts FILE takes it in the place of a corpus; any tool that \
      knows a model's ids can write one.
      """)

  @Option(name: .shortAndLong, help: "Where to write.")
  var output: String

  @Option(help: ArgumentHelp("A model whose vocabulary counts, in place of --vocab.", valueName: "file"))
  var model: String?

  @OptionGroup var options: CorpusOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard !options.corpus.isEmpty else { throw ValidationError("--corpus says which texts are counted: give one") }
    guard model != nil || text.vocab != nil else { throw ValidationError("give --vocab FILE or --model FILE") }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try count() }
  }

  private func count() throws(Diagnostic) {
    let limits = try limits.limits()
    let file = try OutputFile(path: output)
    let carried = try model.map { (path) throws(Diagnostic) in try ModelLoader(limits: limits).load(path).model.text } ?? nil
    guard let assets = try text.assets(over: carried), !assets.vocabulary.isEmpty, let reader = try options.reader(limits) else {
      throw .invalid(
        "count/vocabulary", "the model has no vocabulary to read texts with", at: Location(file: model), fix: "give --vocab FILE")
    }
    let census = try TokenCensus(assets)
    let counts = try census.counts(of: Corpus(reader, name: options.corpus.joined(separator: ", ")))
    try file.write(Array(TokenCountsFile.text(counts, vocabulary: census.tokenizer.vocabulary).utf8))
    try file.commit()
    Terminal.output.writeLine(
      "\(output): \(counts.reduce(0, +)) tokens, \(counts.count { $0 > 0 }) of the \(counts.count) in the vocabulary")
  }
}
