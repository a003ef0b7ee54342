import ArgumentParser
import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheIR
import LatheJSON
import LathePassKit
import LatheSamples

/// `lathe verify`: does the candidate do what the reference does?
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two models on samples; exit with 1 unless they are equivalent.",
    discussion: """
      Without bounds of your own: whatever the outputs decide (classes, tags, answers, next tokens, whole numbers) must be decided alike \
      everywhere, no row of any output may turn by more than a cosine of 0.9999, and numbers that are no scores or vectors may be off by a \
      fiftieth of the reference's range. With any bound or a policy given, only those given count. NaN is equivalent to nothing.
      """)

  @Argument(help: "The model that is right: \(ModelLoader.formats); or an .npz of the outputs that any tool gave for the samples, by output name.")
  var reference: String

  @Argument(help: "The model to be checked: \(ModelLoader.formats).")
  var candidate: String

  @Option(help: ArgumentHelp("Samples, as for lathe run; without, samples are generated from the model's inputs and vocabulary.", valueName: "file"))
  var samples: String?

  @OptionGroup var gate: GateOptions

  @OptionGroup var bounds: BoundOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var arguments: SampleArguments

  @OptionGroup var engines: EngineOptions

  @Flag(help: "Of models with vocabularies of their own, compare only samples that are the same tokens to both.")
  var covered = false

  @Option(help: ArgumentHelp("The candidate's vocabulary, where it is another and the file does not carry it.", valueName: "file"))
  var candidateVocab: String?

  @OptionGroup var localization: LocalizationOptions

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard samples != nil || !isExpected && !localization.isWanted else {
      throw ValidationError("--trace, --bisect and outputs as reference need --samples FILE")
    }
    guard isExpected else { return }
    guard !localization.isWanted else { throw ValidationError("--trace and --bisect compare two models: \(reference) holds only outputs") }
    guard candidateVocab == nil, !covered, engines.referenceEngine == nil else {
      throw ValidationError("--candidate-vocab, --covered and --reference-engine are for two models: \(reference) holds only outputs")
    }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      try localization.supervise()
      try checkOutputs()
      // Opened first, so that a report that cannot be written is found before the models are.
      let file = try gate.report.map { (path) throws(Diagnostic) in try OutputFile(path: path) }
      let verification: Verification
      do throws(Diagnostic) {
        verification = try judged()
      } catch {
        guard let file else { throw error }
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

  /// The candidate alone may be written over: by itself with its record.
  private func checkOutputs() throws(Diagnostic) {
    let others = [samples, gate.policy, text.vocab, text.labels, candidateVocab].compactMap { $0 } + localization.inputs
    try OverwriteCheck(inputs: [reference] + others).check(gate.record, "--record")
    try OverwriteCheck(inputs: [reference, candidate] + others).check(gate.report, "--report")
  }

  private func judged() throws(Diagnostic) -> Verification {
    let policy = try gate.readPolicy()
    let limits = try limits.limits()
    var verification = isExpected ? try compareWithExpected(policy, limits) : try compare(policy, limits)
    if let policy { try verification.judge(by: policy) }
    return verification
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

  private var tolerance: Tolerance { bounds.tolerance(hasPolicy: gate.policy != nil) }

  private func localizationRequest() throws(Diagnostic) -> Localization.Request {
    Localization.Request(
      reference: reference, candidate: candidate, samples: samples ?? "", text: text, candidateVocabulary: candidateVocab, arguments: arguments,
      tolerance: tolerance, bounds: bounds.words, overrides: gate.overrides(try gate.readPolicy()), limits: try limits.limits())
  }

  /// Whether the reference is what another tool gave.
  private var isExpected: Bool { reference.hasSuffix(".npz") }

  private func compareWithExpected(_ policy: Policy?, _ limits: ResourceLimits) throws(Diagnostic) -> Verification {
    var loaded = try ModelLoader(limits: limits).load(candidate)
    loaded.model.text = try text.assets(over: loaded.model.text, for: loaded.model.graph)
    let engine = try Engine(
      engines.engine, loaded.model.graph, file: candidate, limits: limits, threads: arguments.threadCount, timeout: localization.plugins.pluginTimeout)
    let set = try SampleReader.read(path: samples ?? "", for: ModelInterface(loaded.model), options: arguments.options(limits))
    let comparison = ExpectedComparison(
      path: reference, expected: try ArrayFile.read(path: reference, limits: limits), candidate: (candidate, engine), set: set,
      judge: try DecisionJudge((candidate, engine), set, loaded.model.text, overrides: gate.overrides(policy)))
    var report = try comparison.run(threads: arguments.threadCount, tolerance: tolerance)
    let oracle = try OracleCheck((candidate, engine), engines.engine, set, limits: limits)
    report.conflicts += oracle?.conflicts ?? []
    var expected = loaded
    (expected.format, expected.files) = ("npz", [reference])
    var verification = Verification(
      reference: .init(path: reference, engine: nil, loaded: expected), candidate: .init(path: candidate, engine: engines.engine, loaded: loaded),
      report: report, origin: .file(samples ?? ""), texts: set.texts, labels: loaded.model.text?.labels ?? [])
    verification.oracleSamples = oracle?.samples
    return verification
  }

  private func compare(_ policy: Policy?, _ limits: ResourceLimits) throws(Diagnostic) -> Verification {
    let pair = try ModelPair(
      (reference, candidate), text, candidateVocabulary: candidateVocab, engines, limits: limits, timeout: localization.plugins.pluginTimeout)
    let options = arguments.options(limits)
    let made = try samples == nil
      ? GeneratedSamples(
        pair.reference.model, pair.candidate.model, seed: gate.seed, ranges: gate.inputRanges, options, reference: pair.reference.engine) : nil
    let set: SampleSet
    if let made {
      set = made.generated.set
    } else {
      let path = samples ?? ""
      set = try SampleReader.read(path: path, for: pair.reference.interface, options: options).tellingTruncated(path, options)
    }
    var other = made?.generated.other
    if let samples, set.texts != nil, pair.readsOtherwise {
      other = try SampleReader.read(path: samples, for: pair.candidate.interface, options: options)
    }
    var report = try report(pair, set, other, policy)
    let oracle = try OracleCheck(pair.candidate.runner, pair.candidate.name, other ?? set, limits: limits)
    report.conflicts += try TextConflicts.between(pair.reference.model, pair.candidate.model) + (oracle?.conflicts ?? [])
    var verification = Verification(
      reference: pair.reference.described, candidate: pair.candidate.described, report: report, origin: made?.origin ?? .file(samples ?? ""),
      texts: set.texts, labels: pair.reference.model.text?.labels ?? [])
    verification.oracleSamples = oracle?.samples
    verification.notes = set.ids == nil ? [] : [pair.vocabularyNote].compactMap { $0 }
    verification.findings = ScaleFindings(pair.candidate.model.graph).texts
    return verification
  }

  /// - Parameter other: the samples as the candidate reads them; nil where it reads what the reference reads.
  private func report(_ pair: ModelPair, _ set: SampleSet, _ other: SampleSet?, _ policy: Policy?) throws(Diagnostic) -> EquivalenceReport {
    let judge = try DecisionJudge(pair.reference.runner, set, pair.reference.model.text, overrides: gate.overrides(policy))
    if let other {
      let comparison = ReadingComparison(
        reference: try .init(pair.reference.runner, set, pair.reference.model.text),
        candidate: try .init(pair.candidate.runner, other, pair.candidate.model.text), coveredOnly: covered, judge: judge)
      return try comparison.run(threads: arguments.threadCount, tolerance: tolerance)
    }
    guard !covered else {
      throw Diagnostic(
        "usage/covered", .usage, "--covered is for texts and models that read them with vocabularies of their own; these read the same",
        fix: "leave it out: all samples are compared")
    }
    var comparison = FeedComparison(
      reference: pair.reference.runner, candidate: pair.candidate.runner, set: set, outputs: pair.reference.interface.outputs.map(\.name),
      candidateOutputs: pair.candidate.interface.outputs.map(\.name))
    comparison.judge = judge
    return try comparison.run(threads: arguments.threadCount, tolerance: tolerance)
  }
}
