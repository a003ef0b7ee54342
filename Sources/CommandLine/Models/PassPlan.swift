import ArgumentParser
internal import Foundation
import LatheDiagnostics
import LatheIR
import LathePassKit
import LathePasses
import LathePlugins
import LatheRecipes

/// `--recipe`, `--pass` and what is wanted around the passes.
struct PassPlan: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run the passes of a recipe, before those of --pass: a name that lathe passes lists, a .yaml or .json file, NNCF's configuration, or a model for the passes that its record tells.",
      valueName: "name|file"))
  var recipe: String?

  @Option(
    name: .customLong("pass"),
    help: ArgumentHelp(
      "Run a pass; passes run in the order given. lathe passes lists them.", valueName: "id[:key=value,…]"))
  var passes: [String] = []

  @Option(help: ArgumentHelp("Scores and masks of structures for structure/prune, as lathe score or a trainer wrote them.", valueName: "file.json"))
  var structures: String?

  @OptionGroup var plugins: PluginOptions
  @OptionGroup var corpus: CorpusOptions

  @Option(help: ArgumentHelp("Run only the first passes, and write what they made.", valueName: "count"))
  var stopAfter: Int?

  @Option(
    help: ArgumentHelp(
      "Write the graph as text after each run of a pass, beside the output: NAME.STEP.PASS.ir.", valueName: "id"))
  var dumpAfter: [String] = []

  @Option(help: ArgumentHelp("Tell what a pass left alone and where its nearest matches stopped.", valueName: "id"))
  var why: [String] = []

  mutating func validate() throws {
    guard stopAfter.map({ $0 >= 0 }) ?? true else { throw ValidationError("--stop-after is 0 or more") }
  }

  /// The recipe with the passes of `--pass` behind its own; warnings go to standard error.
  ///
  /// - Throws: `recipe/…`, `usage/…` and `passes/…` for whatever is unknown.
  func readRecipe() throws(Diagnostic) -> Recipe {
    var read = try recipe.map(Self.read) ?? Recipe()
    for argument in passes { read.steps.append(try PassArguments.step(argument)) }
    return read
  }

  /// The built-in passes, those of the recipe's plugins and of `--plugin`, and the programs that the recipe runs.
  ///
  /// - Throws: `plugins/…`.
  func catalog(for recipe: Recipe) throws(Diagnostic) -> PassCatalog {
    try plugins.catalog(for: recipe)
  }

  /// The passes of the recipe that are to run.
  ///
  /// - Throws: `usage/pass-not-run` where `--why` or `--dump-after` name a pass that will not.
  func pipeline(of recipe: Recipe, from catalog: PassCatalog) throws(Diagnostic) -> Pipeline {
    var pipeline = try recipe.pipeline(from: catalog)
    if let stopAfter { pipeline.steps.removeLast(max(0, pipeline.steps.count - stopAfter)) }
    let ids = pipeline.steps.map(\.id.rawValue)
    for (flag, wanted) in why.map({ ("--why", $0) }) + dumpAfter.map({ ("--dump-after", $0) }) where !ids.contains(wanted) {
      if let stopAfter, recipe.steps.contains(where: { $0.id.rawValue == wanted }) {
        throw Diagnostic(
          "usage/pass-not-run", .usage, "\(flag) \(wanted): this pass does not run, since --stop-after \(stopAfter) ends before it",
          fix: "let more passes run")
      }
      throw Diagnostic(
        "usage/pass-not-run", .usage, "\(flag) \(wanted): this pass is not among those that run",
        fix: Spelling.nearest(wanted, among: ids).map { "did you mean \($0)?" } ?? "add --pass \(wanted)")
    }
    return pipeline
  }

  /// The scores and masks of `--structures`.
  ///
  /// - Throws: `structures/file`.
  func structuresFile() throws(Diagnostic) -> StructuresFile? {
    try structures.map { (path) throws(Diagnostic) in try StructuresFile(path: path) }
  }

  /// Adds what the formats need: weights in rows for passes and ONNX, in the kernels' order for .lathe.
  func addLayout(to pipeline: inout Pipeline, isPacked: Bool, packs: Bool) {
    if isPacked { pipeline.steps.insert(Pipeline.Step(UnpackWeights.id, UnpackWeights(options: NoOptions())), at: 0) }
    // A run that is cut short shows what the passes left.
    if packs, stopAfter == nil { pipeline.steps.append(Pipeline.Step(PackWeights.id, PackWeights(options: NoOptions()))) }
  }

  /// A model, and the passes of a recipe for it, where no model is written.
  func prepared(
    _ input: String, _ recipe: Recipe, _ text: TextOptions, _ limits: ResourceLimits
  ) throws(Diagnostic) -> (loaded: ModelLoader.Loaded, pipeline: Pipeline) {
    try plugins.supervise(recipe.plugins)
    var pipeline = try pipeline(of: recipe, from: try catalog(for: recipe))
    var loaded = try ModelLoader(limits: limits).load(input)
    loaded.model.text = try text.assets(over: loaded.model.text, for: loaded.model.graph)
    addLayout(to: &pipeline, isPacked: loaded.isPacked, packs: false)
    return (loaded, pipeline)
  }

  /// Refuses what is told of the passes' graphs, where only numbers are written.
  func validateForJSON() throws {
    guard why.isEmpty, dumpAfter.isEmpty else { throw ValidationError("--why and --dump-after are for lathe convert") }
  }

  /// The recipe of a name or a file; warnings go to standard error.
  ///
  /// - Throws: `recipe/…` and `usage/recipe`.
  static func read(_ name: String) throws(Diagnostic) -> Recipe {
    if [".lathe", ".onnx"].contains(where: name.hasSuffix) { return try Recipe(recordOf: name) }
    if let known = Recipe.named.first(where: { $0.name == name }) { return known }
    guard name.contains("/") || [".yaml", ".yml", ".json"].contains(where: name.hasSuffix) else {
      let names = Recipe.named.map(\.name)
      throw Diagnostic(
        "usage/recipe", .usage, "there is no recipe \(name)",
        fix: Spelling.nearest(name, among: names).map { "did you mean \($0)?" }
          ?? "the recipes are \(names.joined(separator: ", ")); a file ends in .yaml or .json")
    }
    let reading = try RecipeReader(named: Recipe.named).read(path: name)
    for warning in reading.warnings { Terminal.error.write(DiagnosticRenderer(terminal: .error).render(warning)) }
    return reading.recipe
  }
}
