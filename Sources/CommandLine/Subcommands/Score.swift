import ArgumentParser
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LathePassKit
import LathePasses
import LatheSamples
import OrderedCollections

/// `lathe score`: how much heads, neurons and channels are worth, as a file.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score the structures of a model, and write the scores for lathe convert --structures or a trainer.",
    discussion: """
      Passes before structure/prune are run as in lathe convert, and none behind it; its own options say what is scored and how, as in --pass \
      structure/prune:importance=leave-one-out,what=heads. Nothing is cut.
      """)

  @Argument(help: "The model: \(ModelLoader.formats).")
  var input: String

  @Option(name: .shortAndLong, help: "Where to write: NAME.json.")
  var output: String

  @Option(help: ArgumentHelp("Samples, as for lathe run; scores by magnitude need none.", valueName: "file"))
  var samples: String?

  @OptionGroup var passes: PassPlan
  @OptionGroup var arguments: SampleArguments
  @OptionGroup var text: TextOptions
  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard output.hasSuffix(".json") else { throw ValidationError("--output is NAME.json") }
    try passes.validateForJSON()
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try score() }
  }

  /// Ends the recipe with a pass that prunes nothing, but scores all of each structure.
  private static func scoreOnly(_ recipe: inout Recipe) throws(Diagnostic) {
    var last = Recipe.Step(Prune.id)
    if let place = recipe.steps.firstIndex(where: { $0.id == Prune.id }) {
      last = recipe.steps[place]
      recipe.steps.removeSubrange(place...)
    }
    let own: OrderedDictionary<String, JSONValue> = ["width": 1, "recover": "none", "distribution": "global"]
    for (name, value) in own {
      if let given = last.options[name], given != value {
        throw Diagnostic(
          "usage/score-option", .usage, "\(Prune.id.rawValue) has \(name)=\(given.serialized()), but lathe score cuts and fits nothing",
          fix: "leave \(name) out")
      }
      last.options[name] = value
    }
    recipe.steps.append(last)
  }

  private func score() throws(Diagnostic) {
    let limits = try limits.limits()
    var recipe = try passes.readRecipe()
    try Self.scoreOnly(&recipe)
    let file = try OutputFile(path: output)
    let (loaded, pipeline) = try passes.prepared(input, recipe, text, limits)
    var evidence = Evidence(
      texts: try ConversionTexts(loaded.model.text, passes.corpus, limits: limits), structures: try passes.structuresFile())
    if let samples {
      evidence.shown = try FollowingSamples(path: samples, for: ModelInterface(loaded.model), options: arguments.options(limits))
    }
    var conversion = Conversion(loaded, recipe: recipe.name, seconds: 0)
    try conversion.run(pipeline, on: evidence, limits: limits, threads: arguments.threadCount)
    let structures = conversion.ledger.entries.flatMap(\.structures)
    guard !structures.isEmpty else {
      throw Diagnostic(
        "structures/nothing", .usage, "nothing was scored", at: Location(file: input),
        notes: conversion.ledger.entries.flatMap { $0.declined.map { "\($0.subject): \($0.reason)" } },
        fix: "lathe inspect --axes shows which structures the model has")
    }
    try file.write(Array((StructuresFile(structures).json.serialized(pretty: true) + "\n").utf8))
    try file.commit()
    Terminal.output.writeLine("\(output): \(structures.count) structures, \(structures.reduce(0) { $0 + $1.extent }) indices")
  }
}
