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
      Passes before structure/prune are run as in lathe convert; its own options say what is scored and how, as in --pass \
      structure/prune:importance=leave-one-out,what=heads. Nothing is cut.
      """)

  @Argument(help: "The model: .onnx or .lathe.")
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

  private func score() throws(Diagnostic) {
    let limits = try limits.limits()
    var recipe = try passes.readRecipe()
    if !recipe.steps.contains(where: { $0.id == Prune.id }) { recipe.steps.append(Recipe.Step(Prune.id)) }
    for index in recipe.steps.indices where recipe.steps[index].id == Prune.id {
      recipe.steps[index].options["width"] = 1
      recipe.steps[index].options["recover"] = "none"
      recipe.steps[index].options["distribution"] = "global"
    }
    let file = try OutputFile(path: output)
    let (loaded, pipeline) = try passes.prepared(input, recipe, text, limits)
    var evidence = Conversion.Evidence(texts: try ConversionTexts(loaded.model.text, passes.corpus, limits: limits))
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
