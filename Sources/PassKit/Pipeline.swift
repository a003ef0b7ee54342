import LatheDiagnostics
import LatheIR
import LatheJSON

/// An ordered list of passes.
public struct Pipeline: Sendable {
  /// A pass, what it is called, and the options it was asked for with.
  public struct Step: Sendable {
    public let id: PassID
    public let pass: any Pass
    /// A JSON object.
    public let options: JSONValue

    public init(_ id: PassID, _ pass: any Pass, options: JSONValue = [:]) {
      self.id = id
      self.pass = pass
      self.options = options
    }
  }

  /// What goes on around the passes.
  public struct Surroundings {
    public var limits = ResourceLimits()
    /// Measures how far a graph's outputs are from those of the graph it saw before, and of the first it saw.
    public var measureDrift: ((Graph) throws(Diagnostic) -> (step: Drift, total: Drift))?
    /// Shows a graph's activations on the samples; nil where there are none.
    public var observe: Observe?
    /// Compares the outputs of two graphs on the samples; nil where there are none.
    public var compare: Compare?
    /// Compares them on some of the samples; nil where there are none.
    public var compareBriefly: Compare?
    /// Sums up what least squares need; nil where there are no samples.
    public var regress: Regress?
    /// Measures how long a graph takes; nil where there are no samples.
    public var latency: MeasureLatency?
    /// Scores of structures that were given.
    public var structures: [StructureScores] = []
    /// What is known of the texts that the model is for, as they are read now.
    public var texts: () -> TextKnowledge = { TextKnowledge() }
    /// Counts tokens in these texts; nil where there are none.
    public var tokenCounts: TokenCounts?
    /// Given what a pass did to how the model reads texts, before its promise is checked.
    public var didChangeTexts: (PassOutcome) throws(Diagnostic) -> Void = { (_) throws(Diagnostic) in }
    /// Told the step's number, from 0, and the step before it starts.
    public var willRun: (Int, Step) -> Void = { _, _ in }
    /// Given the step's number, the step and the graph it left behind, before its promise is checked.
    public var didRun: (Int, Step, Graph) throws(Diagnostic) -> Void = { (_, _, _) in }

    public init() {}
  }

  public var steps: [Step]

  public init(_ steps: [Step]) { self.steps = steps }

  /// Runs the passes in order, inferring types and verifying after each, and appends a line to the ledger for each.
  ///
  /// - Throws: what a pass throws, the verifier's findings as a defect of the pass, `passes/interface` for lost or renamed inputs and outputs, and `passes/broken-promise` where the measured drift is
  ///   more than the pass promised; all with the pass's id.
  public func run(
    on graph: inout Graph, ledger: inout Ledger, in surroundings: Surroundings = Surroundings()
  ) throws(Diagnostic) {
    if let measure = surroundings.measureDrift { _ = try measure(graph) }
    for (number, step) in steps.enumerated() {
      surroundings.willRun(number, step)
      do {
        ledger.entries.append(try Self.run(step, number, on: &graph, surroundings))
      } catch {
        throw error.located(in: Location(pass: step.id.rawValue))
      }
    }
  }

  private static func run(
    _ step: Step, _ number: Int, on graph: inout Graph, _ surroundings: Surroundings
  ) throws(Diagnostic) -> Ledger.Entry {
    let clock = ContinuousClock()
    let start = clock.now
    let interface = InterfaceCheck(graph)
    let context = PassContext(
      pass: step.id, limits: surroundings.limits, observe: surroundings.observe, compare: surroundings.compare,
      compareBriefly: surroundings.compareBriefly, regress: surroundings.regress, latency: surroundings.latency, structures: surroundings.structures,
      texts: surroundings.texts(), tokenCounts: surroundings.tokenCounts)
    let guarantee = step.pass.guarantee.carried(through: graph)
    let outcome = try step.pass.run(on: &graph, in: context)
    try graph.inferTypes()
    try Verifier().verify(graph)
    if !(step.pass is any ChangesInterface) { try interface.check(graph) }
    let elapsed = start.duration(to: clock.now) / .seconds(1)
    try surroundings.didRun(number, step, graph)
    var entry = Ledger.Entry(
      step: step.id.rawValue, options: step.options, guarantee: outcome.guarantee ?? guarantee,
      after: Ledger.Size(of: graph), done: outcome.doneCount, declined: outcome.declined, seconds: elapsed)
    entry.notes = outcome.notes
    entry.structures = outcome.structures
    if outcome.vocabulary != nil || outcome.maximumLength != nil { try surroundings.didChangeTexts(outcome) }
    guard let measure = surroundings.measureDrift else { return entry }
    let drift = try measure(graph)
    entry.drift = drift.step
    entry.totalDrift = drift.total
    if let covered = drift.step.covered {
      let figure = drift.step.changedOutputs == 0 ? "their outputs are the same to the last bit" : "\(drift.step.changedOutputs) of their outputs changed"
      entry.notes.insert("\(covered) of \(drift.step.samples) samples are read as before: \(figure)", at: 0)
    }
    guard let violation = entry.guarantee?.violation(by: drift.step) else { return entry }
    throw Diagnostic(
      "passes/broken-promise", .brokenPromise,
      "\(step.id) promises \(entry.guarantee?.description ?? ""), but on \(drift.step.samples) samples \(violation)",
      notes: [
        "largest absolute error \(drift.step.absoluteError), relative \(drift.step.relativeError), least cosine \(drift.step.cosine), mean \(drift.step.meanCosine), agreement \(drift.step.agreement)"
      ],
      fix: "leave the pass out, or mend it; --dump-after \(step.id) writes the graph it leaves behind")
  }
}

extension Ledger.Size {
  /// The size of a graph, subgraphs included.
  public init(of graph: Graph) {
    self.init(nodes: graph.totalNodeCount, parameters: graph.parameterCount, bytes: graph.constantByteCount)
  }
}
