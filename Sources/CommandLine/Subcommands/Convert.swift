import ArgumentParser
import LatheArchitectures
import LatheDiagnostics
import LatheFiles
import LatheIR
import LathePassKit
import LathePasses
import LatheSamples
import LatheWeightDumps

/// `lathe convert`: a model in, passes over it, a model out.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Import a model, run passes over it, and write .lathe or ONNX.",
    discussion: """
      The output is reproducible: the same input, passes and version give the same bytes, whatever the number of threads. What is chosen on samples \
      may differ in its last bits between instruction sets; --ranges, with the file of lathe calibrate, gives the same bytes on every host.
      """)

  @Argument(help: "The model: \(ModelLoader.formats).")
  var input: String

  @Option(name: .shortAndLong, help: "Where to write; the ending .lathe, .onnx or .json (a dump of weights) says which format.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "What a folder's or dump's encoder ends in: \(Head.allCases.map(\.rawValue).joined(separator: ", ")) (default: what its class has).",
      valueName: "head"))
  var head: Head?

  @OptionGroup var passes: PassPlan

  @Option(
    help: ArgumentHelp(
      "Measure on these samples, as for lathe run, what each pass changes, and hold it to its promise.", valueName: "file"))
  var samples: String?

  @Option(
    help: ArgumentHelp(
      "Choose the scales of activations on these samples (default: those of --samples); nothing is measured on them.", valueName: "file"))
  var calibrationSamples: String?

  @Option(
    help: ArgumentHelp("Choose the scales of activations by ranges that lathe calibrate wrote for this model.", valueName: "file.json"))
  var ranges: String?

  @OptionGroup var arguments: SampleArguments

  @Option(help: ArgumentHelp("Write what was done as a page to look at or as JSON.", valueName: "file.html|file.json"))
  var report: String?

  @OptionGroup var text: TextOptions

  @Option(help: ArgumentHelp("Write the vocabulary as the passes left it (beside ONNX it is written anyway, where they cut it).", valueName: "file"))
  var vocabOut: String?

  @Option(
    help: ArgumentHelp(
      "Write the ids before that a cut of the vocabulary left, in the order of the ids behind, one a line (written anyway for a model without vocabulary).",
      valueName: "file"))
  var idMap: String?

  @Option(help: "Write ONNX in this opset (default: the source's, or the first that can say it).")
  var opset: Int?

  @Flag(help: "Write ONNX with its weights in a file beside it.")
  var externalData = false

  @Flag(help: "Write what was done as JSON to standard output.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard report.map({ $0.hasSuffix(".html") || $0.hasSuffix(".json") }) ?? true else {
      throw ValidationError("--report is NAME.html or NAME.json")
    }
    guard ranges == nil || calibrationSamples == nil else {
      throw ValidationError("--ranges and --calibration-samples both say what scales are chosen by: give one")
    }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try convert() }
  }

  private func convert() throws(Diagnostic) {
    let limits = try limits.limits()
    let format = try OutputFormat(path: output)
    if format != .onnx, opset != nil || externalData {
      throw Diagnostic(
        "usage/onnx-option", .usage, "--opset and --external-data are for ONNX, but the output is \(output)")
    }
    let recipe = try passes.readRecipe()
    try passes.plugins.supervise(recipe.plugins)
    var pipeline = try passes.pipeline(of: recipe, from: try passes.catalog(for: recipe))
    // Opened first, so that a report that cannot be written is found before the model is.
    let page = try report.map { (path) throws(Diagnostic) in try OutputFile(path: path) }
    let clock = ContinuousClock()
    let start = clock.now
    var loaded = try ModelLoader(limits: limits, head: head).load(input)
    loaded.model.text = try text.assets(over: loaded.model.text, for: loaded.model.graph)
    if text.labels != nil { loaded.checkpoint?.name(classes: loaded.model.text?.labels ?? []) }
    passes.addLayout(to: &pipeline, isPacked: loaded.isPacked, packs: format == .lathe)
    let evidence = try evidence(for: loaded.model, limits)
    var conversion = Conversion(loaded, recipe: recipe.name, seconds: start.duration(to: clock.now) / .seconds(1))
    do throws(Diagnostic) {
      try conversion.run(
        pipeline, on: evidence, limits: limits, threads: arguments.threadCount,
        dumps: GraphDump(passes: passes.dumpAfter, output: output), why: passes.why)
      try conversion.check(recipe.budget)
    } catch {
      // What went well before is what explains the failure.
      throw error.telling { () throws(Diagnostic) in try tell(ConversionReport(conversion, input: input, output: nil, failure: error), page) }
    }
    try conversion.record()
    let cutFiles = try cutFiles(conversion, format)
    let unchanged = pipeline.steps.isEmpty ? loaded.checkpoint : nil
    do throws(Diagnostic) {
      try ModelWriter(opset: opset, externalData: externalData, checkpoint: unchanged).write(conversion.model, format, to: output)
    } catch {
      // What cannot be written is the model's fault where the writer names no file of its own.
      throw error.located(in: Location(file: input))
    }
    for file in cutFiles { try file.commit() }
    try tell(ConversionReport(conversion, input: input, output: output), page)
  }

  private func cutFiles(_ conversion: Conversion, _ format: OutputFormat) throws(Diagnostic) -> [CutFiles.Prepared] {
    guard let cut = conversion.cut else {
      for (flag, path) in [("--vocab-out", vocabOut), ("--id-map", idMap)] where path != nil {
        throw Diagnostic(
          "usage/no-cut", .usage, "\(flag) is for a vocabulary that passes cut, but none did", fix: "add --pass vocabulary/trim, or leave \(flag) out")
      }
      return []
    }
    return try CutFiles(vocabulary: vocabOut, idMap: idMap, source: text.vocab).prepared(cut, conversion.model.text, beside: output, format)
  }

  private func evidence(for model: Model, _ limits: ResourceLimits) throws(Diagnostic) -> Evidence {
    let interface = ModelInterface(model)
    func read(_ path: String?) throws(Diagnostic) -> FollowingSamples? {
      guard let path else { return nil }
      return try FollowingSamples(path: path, for: interface, options: arguments.options(limits))
    }
    let samples = try read(samples)
    let shown = try read(calibrationSamples) ?? samples
    return Evidence(
      samples: samples, shown: shown, calibration: try calibration(on: shown, limits),
      texts: try ConversionTexts(model.text, passes.corpus, limits: limits),
      structures: try passes.structuresFile())
  }

  /// Where passes see activations; nil where nothing says.
  private func calibration(on samples: FollowingSamples?, _ limits: ResourceLimits) throws(Diagnostic) -> CalibrationSource? {
    if let ranges { return try CalibrationSource(rangesAt: ranges) }
    guard let samples else { return nil }
    return try CalibrationSource(samples, limits: limits, threads: arguments.threadCount)
  }

  private func tell(_ report: ConversionReport, _ page: OutputFile?) throws(Diagnostic) {
    report.print(json: json)
    if let page { try report.write(to: page, asPage: self.report?.hasSuffix(".html") == true) }
  }
}

extension Head: ExpressibleByArgument {}
