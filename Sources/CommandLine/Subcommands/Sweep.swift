import ArgumentParser
import LatheCalibration
import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheIR
import LatheJSON
import LathePassKit
import LatheSamples

/// `lathe sweep`: which calibrator, on how many samples?
struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantize with each calibrator on several numbers of samples, compare on others, and keep the best.",
    discussion: """
      Every candidate is compared with the model in float on the samples held back. The best agrees with it in most decisions, then points its way \
      most closely. It is written with the whole table in its record.
      """)

  @Argument(help: "The model: \(ModelLoader.formats).")
  var input: String

  @Option(name: .shortAndLong, help: "Where to write the best: NAME.lathe or NAME.onnx.")
  var output: String

  @Option(help: ArgumentHelp("Samples to choose scales on, as for lathe run.", valueName: "file"))
  var samples: String

  @Option(help: ArgumentHelp("Samples to compare on; none of --samples.", valueName: "file"))
  var heldBack: String

  @Option(help: ArgumentHelp("Calibrators to try (default: all).", valueName: "name,…"))
  var calibrators: String?

  @Option(help: ArgumentHelp("How many of the samples to try (default: all, and 1/2 and 1/4 of them).", valueName: "count,…"))
  var counts: String?

  @OptionGroup var passes: PassPlan
  @OptionGroup var arguments: SampleArguments
  @OptionGroup var text: TextOptions

  @Option(help: ArgumentHelp("Write the table as JSON.", valueName: "file.json"))
  var report: String?

  @Flag(help: "Write the table as JSON to standard output.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    if let counts {
      let numbers = counts.split(separator: ",").map { Int($0) }
      guard !numbers.isEmpty, numbers.allSatisfy({ ($0 ?? 0) > 0 }) else { throw ValidationError("--counts is a list of numbers from 1 on") }
    }
    guard calibrators.map({ !$0.split(separator: ",").isEmpty }) ?? true else { throw ValidationError("--calibrators names none") }
    guard passes.why.isEmpty, passes.dumpAfter.isEmpty else {
      throw ValidationError("--why and --dump-after are for lathe convert: a sweep runs the passes many times")
    }
    let known = Calibrator.allCases.map(\.rawValue)
    for name in (calibrators ?? "").split(separator: ",") where !known.contains(String(name)) {
      throw ValidationError("--calibrators: \(name) is none of \(known.joined(separator: ", "))")
    }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try sweep() }
  }

  private func sweep() throws(Diagnostic) {
    let limits = try limits.limits()
    let format = try OutputFormat(path: output)
    let recipe = try passes.readRecipe()
    try passes.plugins.supervise(recipe.plugins)
    let table = try report.map { (path) throws(Diagnostic) in try OutputFile(path: path) }
    var loaded = try ModelLoader(limits: limits).load(input)
    loaded.model.text = try text.assets(over: loaded.model.text, for: loaded.model.graph)
    let trial = SweepTrial(
      source: loaded, recipe: recipe, catalog: try passes.catalog(for: recipe), plan: passes,
      structures: try passes.structuresFile(), packs: format == .lathe, limits: limits,
      threads: arguments.threadCount)
    try trial.check()
    let interface = ModelInterface(loaded.model)
    let others = try SampleReader.read(path: heldBack, for: interface, options: arguments.options(limits))
    let reference = try Engine(.runtime, loaded.model.graph, file: input, limits: limits, threads: arguments.threadCount)
    let names = interface.outputs.map(\.name)
    var comparison = FeedComparison(
      reference: (input, reference), candidate: (output, reference), set: others, outputs: names, candidateOutputs: names)
    comparison.known = try comparison.referenceOutputs(threads: 1)
    var (ranked, best): ([SweepCandidate], Conversion?) = ([], nil)
    for count in try sampleCounts(interface, limits) {
      let set = try FollowingSamples(path: samples, for: interface, options: options(count, limits))
      let texts = try ConversionTexts(loaded.model.text, passes.corpus, limits: limits)
      let ranges = try Conversion.ranges(
        of: loaded, try trial.pipeline(nil), on: set, texts: texts, structures: trial.structures, limits: limits,
        threads: arguments.threadCount)
      try Self.checkReading(texts, before: loaded.model.text)
      let source = CalibrationSource(ranges, json: ["samples": .integer(Int64(set.set.count)), "file": try SourceDigest.describe(samples)])
      for calibrator in chosen {
        let conversion = try trial.convert(calibrator, source, on: set, texts)
        comparison.candidate = (output, try trial.engine(conversion))
        let candidate = SweepCandidate(
          calibrator: calibrator, samples: set.set.count, report: try comparison.run(threads: 1, tolerance: .standard))
        if ranked.allSatisfy({ candidate.isBetter(than: $0) }) { best = conversion }
        ranked.append(candidate)
      }
    }
    ranked = ranked.enumerated().sorted { one, other in
      one.element.isBetter(than: other.element) || !other.element.isBetter(than: one.element) && one.offset < other.offset
    }.map(\.element)
    guard var best else { throw Diagnostic("sweep/nothing", .usage, "there is nothing to try", fix: "give --counts and --calibrators, or neither") }
    let all = JSONValue.array(ranked.map(\.json))
    best.sweep = ["held_back": try SourceDigest.describe(heldBack), "candidates": all]
    try best.check(recipe.budget)
    try best.record()
    try ModelWriter().write(best.model, format, to: output)
    try tell(ranked, all, table)
  }

  private var chosen: [Calibrator] {
    guard let calibrators else { return Calibrator.allCases }
    return calibrators.split(separator: ",").compactMap { Calibrator(rawValue: String($0)) }
  }

  private func options(_ count: Int?, _ limits: ResourceLimits) -> SampleOptions {
    var options = arguments.options(limits)
    options.maximumCount = count
    return options
  }

  /// - Throws: `sweep/texts` where a pass made the model read texts otherwise: candidates are compared on the same tokens.
  private static func checkReading(_ texts: ConversionTexts, before: TextAssets?) throws(Diagnostic) {
    guard texts.cut != nil || texts.assets?.maximumLength != before?.maximumLength else { return }
    throw Diagnostic(
      "sweep/texts", .usage, "a pass cuts the vocabulary or the positions, and a sweep compares models on the same tokens",
      fix: "run these passes first with lathe convert, then sweep what it wrote")
  }

  /// From few to all; a file that is one feed has no parts.
  private func sampleCounts(_ interface: ModelInterface, _ limits: ResourceLimits) throws(Diagnostic) -> [Int?] {
    let all = try SampleReader.read(path: samples, for: interface, options: options(nil, limits))
    guard !all.isSingleFeed else { return [nil] }
    let wanted = counts.map { $0.split(separator: ",").compactMap { Int($0) } } ?? [all.count / 4, all.count / 2, all.count]
    return Set(wanted.filter { $0 > 0 }.map { min($0, all.count) }).sorted()
  }

  private func tell(_ ranked: [SweepCandidate], _ all: JSONValue, _ table: OutputFile?) throws(Diagnostic) {
    if let table {
      try table.write(Array((all.serialized(pretty: true) + "\n").utf8))
      try table.commit()
    }
    if json { return Terminal.output.writeLine(all.serialized(pretty: true)) }
    Terminal.output.write(SweepTable(ranked: ranked).render())
    guard let best = ranked.first else { return }
    Terminal.output.writeLine("\n\(output) is by \(best.calibrator.rawValue) on \(best.samples) samples")
  }
}
