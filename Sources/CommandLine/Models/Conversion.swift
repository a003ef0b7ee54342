import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheONNX
import LathePassKit
import LathePasses
import LathePlugins
import LatheSamples

/// A model on its way through passes, with what was measured and found on the way.
struct Conversion {
  let source: ModelLoader.Loaded
  private(set) var model: Model
  private(set) var ledger = Ledger()
  /// What `--why` asked for: each pass's id and the lines it had to say.
  private(set) var explanations: [(pass: PassID, lines: [String])] = []
  /// How the budget's rules came out; empty without a budget.
  private(set) var verdicts: [Budget.Verdict] = []
  /// Name of the recipe, if there is one.
  let recipe: String?
  /// Samples that drift was measured on; 0 without samples.
  private(set) var sampleCount = 0
  /// What activations were seen on, for the record; nil where nothing was to be seen on.
  private(set) var calibration: JSONValue?
  /// The texts that the vocabulary was cut by, for the record; nil where there are none.
  private(set) var corpus: JSONValue?
  /// The scores and masks that were given, for the record; nil where none were.
  private(set) var structures: JSONValue?
  /// The tokens that are left; nil where none went.
  private(set) var cut: VocabularyCut?
  /// What was measured of the result against the imported model, for the record; nil without samples.
  private(set) var verification: JSONValue?
  /// The candidates that this conversion was chosen from, for the record.
  var sweep: JSONValue?

  /// - Parameter seconds: what opening the model took.
  init(_ source: ModelLoader.Loaded, recipe: String, seconds: Double) {
    self.source = source
    self.recipe = recipe.isEmpty ? nil : recipe
    model = source.model
    var entry = Ledger.Entry(step: "import", after: Ledger.Size(of: source.model.graph), seconds: seconds)
    let inner = entry.after.nodes - source.model.graph.order.count
    if inner > 0 { entry.notes.append("\(inner) nodes stand in the graphs of If, Loop and Scan, where passes do not look") }
    ledger.entries.append(entry)
  }

  /// Runs the passes.
  ///
  /// - Parameters:
  ///   - evidence: what passes see and are measured on.
  ///   - dumps: passes after which the graph is written beside `output`.
  ///   - why: passes whose refusals are wanted.
  /// - Throws: what passes throw, and broken promises.
  mutating func run(
    _ pipeline: Pipeline, on evidence: Evidence, limits: ResourceLimits, threads: Int, dumps: GraphDump = GraphDump(passes: [], output: ""), why: [String] = []
  ) throws(Diagnostic) {
    var gauge: DriftGauge?
    if let samples = evidence.samples {
      sampleCount = samples.set.count
      gauge = DriftGauge(samples, limits: limits, threads: threads)
    }
    (calibration, corpus) = (evidence.calibration?.json, evidence.texts.json)
    structures = evidence.structures?.digest
    let progress = ProgressBar("passes", total: pipeline.steps.count)
    defer { progress.finish() }
    var surroundings = Pipeline.Surroundings(evidence, limits: limits, threads: threads, progress: progress) {
      if $0 === evidence.samples { gauge?.note($1) }
    }
    if let own = gauge { surroundings.measureDrift = { (graph) throws(Diagnostic) in try own.measure(graph) } }
    var found: [(PassID, [String])] = []
    let didRun = surroundings.didRun
    surroundings.didRun = { (number, step, graph) throws(Diagnostic) in
      if why.contains(step.id.rawValue) {
        found.removeAll { $0.0 == step.id }
        let lines = (step.pass as? any Explaining)?.explain(graph)
        found.append((step.id, lines ?? ["(this pass tells what it declined, but not what came near)"]))
      }
      try didRun(number, step, graph)
      try dumps.write(graph, after: step.id, number)
    }
    do throws(Diagnostic) {
      try pipeline.run(on: &model.graph, ledger: &ledger, in: surroundings)
    } catch {
      throw Self.blamed(error)
    }
    cut = evidence.texts.cut
    if cut != nil || evidence.texts.assets?.maximumLength != nil { model.text = evidence.texts.assets }
    if let samples = evidence.samples, let report = try gauge?.equivalence(model.text ?? evidence.texts.assets) {
      verification = try RecordedEquivalence.json(report, source: source, result: model.graph, samples: samples.path)
    }
    explanations = why.map { id in (PassID(id), found.first { $0.0.rawValue == id }?.1 ?? []) }
  }

  /// The diagnostic as the fault of who wrote the pass, where that is a plugin's.
  private static func blamed(_ error: Diagnostic) -> Diagnostic {
    guard error.category == .internalFault, let pass = error.location.pass, !PassCatalog.standard.contains(PassID(pass)) else {
      return error
    }
    var own = error
    own.category = .invalidInput
    return own
  }

  /// Checks the budget.
  ///
  /// - Throws: `convert/budget` with every rule that is broken.
  mutating func check(_ budget: Budget) throws(Diagnostic) {
    verdicts = budget.verdicts(on: model.graph, ledger)
    let broken = verdicts.filter { !$0.isKept }
    guard !broken.isEmpty else { return }
    throw Diagnostic(
      "convert/budget", .brokenPromise, "the result breaks \(broken.count) of the recipe's \(verdicts.count) budget rules",
      notes: broken.map { "\($0.rule), but it is \($0.figure)" },
      fix: "the ledger above says what was declined and why; mend that, or the budget")
  }

  /// Stores what was done in the model.
  mutating func record() throws(Diagnostic) {
    model.record = try ConversionRecord(
      source: source, ledger: ledger, calibration: calibration, corpus: corpus, structures: structures, cut: cut, sweep: sweep,
      verification: verification, verdicts: verdicts
    ).json.serialized()
  }
}
