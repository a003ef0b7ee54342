import ArgumentParser
import LatheDiagnostics
import LathePassKit

/// `--trace` and `--bisect`, and what running a recipe again needs.
struct LocalizationOptions: ParsableArguments {
  @Flag(help: "Tell for each node of the candidate the error that is its own, and the one that came to it from the nodes before.")
  var trace = false

  @Flag(help: "Where the models are not equivalent, name the pass and the node: the candidate's recipe runs again pass by pass.")
  var bisect = false

  @Option(
    help: ArgumentHelp(
      "With --bisect: the recipe that made the candidate (default: the passes of its record); as for lathe convert.", valueName: "name|file"))
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "With --bisect: the samples that the candidate's scales were chosen on (default: those of --samples).", valueName: "file"))
  var calibrationSamples: String?

  @Option(help: ArgumentHelp("With --bisect: the ranges that the candidate's scales were chosen by.", valueName: "file.json"))
  var ranges: String?

  @Option(help: ArgumentHelp("With --bisect: the scores and masks that structures of the candidate went by.", valueName: "file.json"))
  var structures: String?

  @OptionGroup var plugins: PluginOptions
  @OptionGroup var corpus: CorpusOptions

  /// Whether anything is asked for.
  var isWanted: Bool { trace || bisect }

  /// The files that are read.
  var inputs: [String] { [recipe, calibrationSamples, ranges, structures, corpus.tokenCounts].compactMap { $0 } + corpus.corpus + plugins.files }

  mutating func validate() throws {
    let needsBisect =
      recipe != nil || calibrationSamples != nil || ranges != nil || structures != nil || !plugins.files.isEmpty || !corpus.corpus.isEmpty
      || corpus.tokenCounts != nil
    guard bisect || !needsBisect else { throw ValidationError("--recipe, --plugin and what passes see go with --bisect") }
    guard ranges == nil || calibrationSamples == nil else {
      throw ValidationError("--ranges and --calibration-samples both say what scales are chosen by: give one")
    }
  }

  /// Where plugins are to be loaded, does all the work in a second process: see `PluginOptions.supervise`.
  ///
  /// - Throws: as that, and as reading the recipe.
  func supervise() throws(Diagnostic) {
    guard bisect else { return }
    try plugins.supervise(try recipe.map(PassPlan.read)?.plugins ?? [])
  }

  /// The arguments that say what passes see, for a command of the same passes.
  var replayArguments: [String] {
    var words: [String] = []
    for (option, value) in [("--calibration-samples", calibrationSamples), ("--ranges", ranges), ("--structures", structures), ("--token-counts", corpus.tokenCounts)] {
      if let value { words += [option, value] }
    }
    for file in corpus.corpus { words += ["--corpus", file] }
    if let rows = corpus.corpusRows { words += ["--corpus-rows", rows] }
    for file in plugins.files { words += ["--plugin", file] }
    return words
  }
}
