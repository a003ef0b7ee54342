import ArgumentParser
import LatheDiagnostics
import LatheSamples

/// `--corpus`, `--corpus-rows` and `--token-counts`: the texts that a model is for.
struct CorpusOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Texts of the kind that the model is for, to cut its vocabulary by: a text a line, or .jsonl with {\"text\": …}; may be given again.",
      valueName: "file"))
  var corpus: [String] = []

  @Option(help: ArgumentHelp("Of a .jsonl corpus, only rows with this value, as in lang=en.", valueName: "key=value"))
  var corpusRows: String?

  @Option(
    help: ArgumentHelp("In place of a corpus: how often each id occurs, ID COUNT a line (lathe count writes such a file).", valueName: "file"))
  var tokenCounts: String?

  mutating func validate() throws {
    guard tokenCounts == nil || corpus.isEmpty else {
      throw ValidationError("--corpus and --token-counts both say which tokens are used: give one")
    }
    guard corpusRows == nil || !corpus.isEmpty else { throw ValidationError("--corpus-rows says which rows of a --corpus count: give one") }
    guard corpusRows.map({ !$0.hasPrefix("=") && $0.contains("=") }) ?? true else { throw ValidationError("--corpus-rows is KEY=VALUE") }
  }

  /// The rows that count.
  var filter: CorpusReader.Filter? {
    guard let sides = corpusRows?.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false), sides.count == 2 else { return nil }
    return CorpusReader.Filter(key: String(sides[0]), value: String(sides[1]))
  }

  /// The corpus, with a progress bar while it is read; nil where none is given.
  ///
  /// - Throws: as `CorpusReader`.
  func reader(_ limits: ResourceLimits) throws(Diagnostic) -> CorpusReader? {
    corpus.isEmpty ? nil : try CorpusReader(paths: corpus, filter: filter, limits: limits)
  }
}
