import ArgumentParser
import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheIR
import LatheJSON
import LatheSamples
import LatheTensors
import LatheTokenizers

/// `lathe verify`: does the candidate do what the reference does?
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two models on samples; exit with 1 unless they are equivalent.",
    discussion: """
      Without bounds of your own: outputs of one row of scores a sample must choose the same class everywhere, and no row of any output \
      may turn by more than a cosine of 0.9999. With any bound or a policy given, only those given count. NaN is equivalent to nothing.
      """)

  @Argument(help: "The model that is right: \(ModelLoader.formats); or an .npz of the outputs that any tool gave for the samples, by output name.")
  var reference: String

  @Argument(help: "The model to be checked: \(ModelLoader.formats).")
  var candidate: String

  @Option(help: ArgumentHelp("Samples, as for lathe run; without, samples are generated from the model's inputs and vocabulary.", valueName: "file"))
  var samples: String?

  @OptionGroup var gate: GateOptions

  @Option(help: ArgumentHelp("Least share of decisions that agree, 0 to 1.", valueName: "share"))
  var minAgreement: Double?

  @Option(help: ArgumentHelp("Least cosine over all rows.", valueName: "cosine"))
  var minCosine: Double?

  @Option(help: ArgumentHelp("Largest absolute error allowed.", valueName: "error"))
  var maxAbs: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("Least change of accuracy, in points; -0.1 allows a loss of 0.1.", valueName: "points"))
  var minAccuracyDelta: Double?

  @OptionGroup var text: TextOptions
  @OptionGroup var arguments: SampleArguments

  @Option(
    help: ArgumentHelp(
      "What runs the candidate: the reference interpreter, the runtime with its kernels, or a program that asks another one (default: reference; runtime with --trace and --bisect).",
      valueName: "reference|runtime|exec:COMMAND"))
  var engine: Engine.Name?

  @Option(
    help: ArgumentHelp(
      "What runs the reference: the oracle, the runtime, which is faster, or a program that asks another one (default: as for the candidate).",
      valueName: "reference|runtime|exec:COMMAND"))
  var referenceEngine: Engine.Name?

  @Flag(help: "Of models with vocabularies of their own, compare only samples that are the same tokens to both.")
  var covered = false

  @Option(help: ArgumentHelp("The candidate's vocabulary, where it is another and the file does not carry it.", valueName: "file"))
  var candidateVocab: String?

  @OptionGroup var localization: LocalizationOptions

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    for bound in [minAgreement, minCosine, maxAbs, minAccuracyDelta].compactMap({ $0 }) where bound.isNaN {
      throw ValidationError("a bound is a number")
    }
    guard minAgreement.map({ (0...1).contains($0) }) ?? true else { throw ValidationError("--min-agreement is 0 to 1") }
    guard minCosine.map({ (-1...1).contains($0) }) ?? true else { throw ValidationError("--min-cosine is -1 to 1") }
    guard maxAbs.map({ $0 >= 0 }) ?? true else { throw ValidationError("--max-abs is 0 or more") }
    guard samples != nil || !isExpected && !localization.isWanted else {
      throw ValidationError("--trace, --bisect and outputs as reference need --samples FILE")
    }
    guard !localization.isWanted || !isExpected else {
      throw ValidationError("--trace and --bisect compare two models: \(reference) holds only outputs")
    }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      try localization.supervise()
      let policy = try gate.readPolicy()
      // Opened first, so that a report that cannot be written is found before the models are.
      let file = try gate.report.map { (path) throws(Diagnostic) in try OutputFile(path: path) }
      var verification: Verification
      do throws(Diagnostic) {
        verification = try compare(policy)
        if let policy { try verification.judge(by: policy) }
      } catch {
        guard let file, error.category == .brokenPromise else { throw error }
        throw error.telling { () throws(Diagnostic) in try write(FailedVerification(reference, candidate, error).json, to: file) }
      }
      if !json { Terminal.output.write(try VerificationTable(verification).render(for: .output)) }
      var found: Localization?
      do throws(Diagnostic) {
        if localization.isWanted { found = try Localization(localization, localizationRequest()) }
      } catch {
        // The verdict stands, whatever keeps its cause from being found.
        throw error.telling { () throws(Diagnostic) in try tell(verification, nil, file) }
      }
      try tell(verification, found, file)
      if let path = gate.record { try verification.record(to: path) }
      guard verification.isAccepted else {
        throw Diagnostic(
          "verify/not-equivalent", .brokenPromise, "\(candidate) is not equivalent to \(reference)", notes: verification.complaints)
      }
    }
  }

  /// Writes what is wanted beside the table.
  private func tell(_ verification: Verification, _ found: Localization?, _ file: OutputFile?) throws(Diagnostic) {
    let report = try verification.json().adding(found)
    if let file { try write(report, to: file) }
    if json {
      Terminal.output.writeLine(report.serialized(pretty: true))
    } else if let found {
      Terminal.output.write(LocalizationText(found).render(for: .output))
    }
  }

  private func write(_ report: JSONValue, to file: OutputFile) throws(Diagnostic) {
    try ReportFormat.write(report, to: file, named: gate.report ?? "")
  }

  private var tolerance: Tolerance {
    var tolerance = Tolerance()
    tolerance.minimumAgreement = minAgreement
    tolerance.minimumCosine = minCosine
    tolerance.maximumAbsoluteError = maxAbs
    tolerance.minimumAccuracyDelta = minAccuracyDelta
    return tolerance.isEmpty && gate.policy == nil ? .standard : tolerance
  }

  private func localizationRequest() throws(Diagnostic) -> Localization.Request {
    var bounds: [String] = []
    for (name, value) in [("agreement", minAgreement), ("cosine", minCosine), ("accuracy-delta", minAccuracyDelta)] {
      if let value { bounds += ["--min-\(name)", "\(value)"] }
    }
    if let maxAbs { bounds += ["--max-abs", "\(maxAbs)"] }
    return Localization.Request(
      reference: reference, candidate: candidate, samples: samples ?? "", text: text, candidateVocabulary: candidateVocab, arguments: arguments,
      tolerance: tolerance, bounds: bounds, limits: try limits.limits())
  }

  /// What runs a model where nothing says: values are searched with the runtime.
  private var usualEngine: Engine.Name { localization.isWanted ? .runtime : .reference }

  /// Whether the reference is what another tool gave.
  private var isExpected: Bool { reference.hasSuffix(".npz") }

  private func compareWithExpected() throws(Diagnostic) -> Verification {
    let limits = try limits.limits()
    var loaded = try ModelLoader(limits: limits).load(candidate)
    loaded.model.text = try text.assets(over: loaded.model.text, for: loaded.model.graph)
    let name = engine ?? usualEngine
    let engine = try Engine(
      name, loaded.model.graph, file: candidate, limits: limits, threads: arguments.threadCount, timeout: localization.plugins.pluginTimeout)
    let set = try SampleReader.read(path: samples ?? "", for: ModelInterface(loaded.model), options: arguments.options(limits))
    let comparison = ExpectedComparison(
      path: reference, expected: try ArrayFile.read(path: reference, limits: limits), candidate: (candidate, engine), set: set)
    let report = try comparison.run(threads: arguments.threadCount, tolerance: tolerance)
    var expected = loaded
    (expected.format, expected.files) = ("npz", [reference])
    return Verification(
      reference: .init(path: reference, engine: name, loaded: expected), candidate: .init(path: candidate, engine: name, loaded: loaded),
      report: report, origin: .file(samples ?? ""), texts: set.texts, labels: loaded.model.text?.labels ?? [])
  }

  private func compare(_ policy: Policy?) throws(Diagnostic) -> Verification {
    if isExpected { return try compareWithExpected() }
    let limits = try limits.limits()
    let loader = ModelLoader(limits: limits)
    let loaded = (try loader.load(reference), try loader.load(candidate))
    var (left, right) = (loaded.0.model, loaded.1.model)
    left.text = try text.assets(over: right.text.map { left.text?.filled(from: $0) ?? $0 } ?? left.text, for: left.graph)
    if let candidateVocab {
      right.text = try (right.text ?? left.text)?.reading(vocabularyAt: candidateVocab)
    }
    let interfaces = (ModelInterface(left), ModelInterface(right))
    try Self.checkInterfaces(interfaces.0, interfaces.1)
    let threads = arguments.threadCount
    // Feeds run at once, each on one thread: what has no kernel is as fast on many threads as on one.
    let engines = (
      try Engine(referenceEngine ?? engine ?? usualEngine, left.graph, file: reference, limits: limits, threads: 1, timeout: localization.plugins.pluginTimeout),
      try Engine(engine ?? usualEngine, right.graph, file: candidate, limits: limits, threads: 1, timeout: localization.plugins.pluginTimeout)
    )
    let options = arguments.options(limits)
    let made = try samples == nil
      ? GeneratedSamples(left, right, seed: gate.seed, ranges: gate.inputRanges, options, reference: engines.0) : nil
    let set: SampleSet
    if let made { set = made.generated.set } else { set = try SampleReader.read(path: samples ?? "", for: interfaces.0, options: options) }
    let judge = try DecisionJudge((reference, engines.0), set, left.text, overrides: gate.overrides(policy))
    var report: EquivalenceReport
    var other = made?.generated.other
    if let samples, set.texts != nil, Self.readsOtherwise(right.text, left.text) {
      other = try SampleReader.read(path: samples, for: interfaces.1, options: options)
    }
    if let own = other {
      let comparison = ReadingComparison(
        reference: try .init((reference, engines.0), set, left.text), candidate: try .init((candidate, engines.1), own, right.text), coveredOnly: covered,
        judge: judge)
      report = try comparison.run(threads: threads, tolerance: tolerance)
    } else if covered {
      throw Diagnostic(
        "usage/covered", .usage, "--covered is for texts and models that read them with vocabularies of their own; these read the same",
        fix: "leave it out: all samples are compared")
    } else {
      var comparison = FeedComparison(
        reference: (reference, engines.0), candidate: (candidate, engines.1), set: set,
        outputs: interfaces.0.outputs.map(\.name),
        candidateOutputs: interfaces.1.outputs.map(\.name))
      comparison.judge = judge
      report = try comparison.run(threads: threads, tolerance: tolerance)
    }
    report.conflicts += try TextConflicts.between(left, right)
    var verification = Verification(
      reference: .init(path: reference, engine: referenceEngine ?? engine ?? usualEngine, loaded: loaded.0), candidate: .init(path: candidate, engine: engine ?? usualEngine, loaded: loaded.1),
      report: report, origin: made?.origin ?? .file(samples ?? ""), texts: set.texts, labels: left.text?.labels ?? [])
    verification.findings = ScaleFindings(right.graph).texts
    return verification
  }

  /// Whether the candidate makes other ids of texts than the reference.
  private static func readsOtherwise(_ candidate: TextAssets?, _ reference: TextAssets?) -> Bool {
    guard let candidate, !candidate.vocabulary.isEmpty else { return false }
    return candidate.vocabulary != reference?.vocabulary || candidate.tokenizerOptions != reference?.tokenizerOptions
  }

  private static func checkInterfaces(_ reference: ModelInterface, _ candidate: ModelInterface) throws(Diagnostic) {
    let (left, right) = (Set(reference.outputs.map(\.name)), Set(candidate.outputs.map(\.name)))
    guard left == right else {
      throw Diagnostic(
        "verify/outputs", .brokenPromise, "the models have different outputs",
        notes: [
          "the reference's: \(left.sorted().joined(separator: ", "))",
          "the candidate's: \(right.sorted().joined(separator: ", "))",
        ])
    }
    let known = Set(reference.inputs.map(\.name))
    if let extra = candidate.inputs.first(where: { !$0.hasDefault && !known.contains($0.name) }) {
      throw Diagnostic(
        "verify/inputs", .brokenPromise, "the candidate needs the input \(extra.name), which the reference has not")
    }
  }
}
