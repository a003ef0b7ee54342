import ArgumentParser
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LathePassKit
import LatheSamples

/// `lathe calibrate`: what passes see of activations, as a file.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run passes over a model, and write the ranges of activations that they ask for.",
    discussion: """
      The file holds the thresholds of every calibrator for every activation. lathe convert --ranges FILE with the same passes chooses its scales by \
      it, without samples: numbers in it may be changed by hand. It is of this model alone: convert refuses it for another.
      """)

  @Argument(help: "The model: \(ModelLoader.formats).")
  var input: String

  @Option(name: .shortAndLong, help: "Where to write: NAME.json.")
  var output: String

  @Option(help: ArgumentHelp("Samples, as for lathe run.", valueName: "file"))
  var samples: String

  @OptionGroup var passes: PassPlan
  @OptionGroup var arguments: SampleArguments
  @OptionGroup var text: TextOptions
  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard output.hasSuffix(".json") else { throw ValidationError("--output is NAME.json") }
    try passes.validateForJSON()
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try calibrate() }
  }

  private func calibrate() throws(Diagnostic) {
    let limits = try limits.limits()
    let file = try OutputFile(path: output)
    let (loaded, pipeline) = try passes.prepared(input, try passes.readRecipe(), text, limits)
    let set = try FollowingSamples(path: samples, for: ModelInterface(loaded.model), options: arguments.options(limits))
    let texts = try ConversionTexts(loaded.model.text, passes.corpus, limits: limits)
    let ranges = try Conversion.ranges(of: loaded, pipeline, on: set, texts: texts, structures: try passes.structuresFile(), limits: limits,
      threads: arguments.threadCount)
    let counts = ranges.counts
    guard counts.values > 0 else {
      throw Diagnostic(
        "calibration/nothing", .usage, "no pass asked for a range", at: Location(file: input),
        fix: "name one that does, as in --recipe fuse --pass quantize/int8")
    }
    try file.write(Array((ranges.json.serialized(pretty: true) + "\n").utf8))
    try file.commit()
    Terminal.output.writeLine(
      "\(output): \(counts.values) activations of \(counts.graphs == 1 ? "one graph" : "\(counts.graphs) graphs") on \(set.set.count) samples")
  }
}
