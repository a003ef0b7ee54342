import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheSamples
import LatheTensors
import LatheTokenizers

/// Compares two models that read texts by vocabularies of their own: each runs on the samples as it reads them, and outputs meet sample by sample.
struct ReadingComparison: Sendable {
  /// A model, what runs it, and the samples as it reads them.
  struct Side: Sendable {
    let path: String
    let engine: Engine
    let set: SampleSet
    let tokens: [String]

    /// - Throws: `tokenizers/…` for a vocabulary that is none.
    init(_ runner: FeedComparison.Runner, _ set: SampleSet, _ text: TextAssets?) throws(Diagnostic) {
      (path, engine) = runner
      self.set = set
      tokens = try Vocabulary(text?.vocabulary ?? []).tokens
    }

    /// What a sample is to the model.
    func reading(_ sample: Int) -> [String] { (set.ids?[sample] ?? []).map { tokens.indices.contains(Int($0)) ? tokens[Int($0)] : "" } }
  }

  let reference, candidate: Side
  /// Whether only samples count that are the same tokens to both.
  let coveredOnly: Bool
  /// What compares decisions.
  var judge: DecisionJudge?

  /// - Throws: the engines' diagnostics, with the model's file, and `verify/nothing-covered`.
  func run(threads: Int, tolerance: Tolerance) throws(Diagnostic) -> EquivalenceReport {
    let progress = ProgressBar("comparing", total: reference.set.count + candidate.set.count)
    defer { progress.finish() }
    let (left, right) = (try outputs(reference, threads, progress), try outputs(candidate, threads, progress))
    let names = reference.engine.graph.outputs.map { reference.engine.graph[$0].name }
    let pairs = PairedOutputs(names: names, reference: left, candidate: right, labels: reference.set.labels, coveredOnly: coveredOnly)
    var report = try pairs.report(judge, tolerance) { reference.reading($0) == candidate.reading($0) }
    guard report.samples > 0 else {
      throw .invalid("verify/nothing-covered", "no sample is the same tokens to both models", fix: "give samples of the kind the vocabulary was cut for")
    }
    if report.coverage?.samples == 0 {
      report.conflicts.append("no sample is the same tokens to both models: their vocabularies have nothing to do with each other")
    }
    return report
  }

  private func outputs(_ side: Side, _ threads: Int, _ progress: ProgressBar) throws(Diagnostic) -> SampleOutputs {
    let names = side.engine.graph.outputs.map { side.engine.graph[$0].name }
    do throws(Diagnostic) {
      let results = try FeedRunner(engine: side.engine, threads: threads).outputs(side.set.feeds, progress: progress)
      return try SampleOutputs(side.set, results.map { Dictionary(zip(names, $0)) { first, _ in first } }, of: side.engine.graph)
    } catch {
      throw error.located(in: Location(file: side.path))
    }
  }
}
