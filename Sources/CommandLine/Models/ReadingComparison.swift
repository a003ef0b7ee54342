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

  /// - Throws: the engines' diagnostics, with the model's file, and `verify/nothing-covered`.
  func run(threads: Int, tolerance: Tolerance) throws(Diagnostic) -> EquivalenceReport {
    let progress = ProgressBar("comparing", total: reference.set.count + candidate.set.count)
    defer { progress.finish() }
    let (left, right) = (try outputs(reference, threads, progress), try outputs(candidate, threads, progress))
    let names = reference.engine.graph.outputs.map { reference.engine.graph[$0].name }
    var report = EquivalenceReport(
      samples: 0, outputs: names.map(OutputComparison.init(name:)), ranks: left.ranks(names), accuracy: nil, tolerance: tolerance)
    var (accuracy, coverage) = (EquivalenceReport.Accuracy(), EquivalenceReport.Coverage())
    for sample in 0..<reference.set.count {
      guard let one = left.rows[sample], let other = right.rows[sample] else { continue }
      let isCovered = reference.reading(sample) == candidate.reading(sample)
      if isCovered { coverage.add(isIdentical: names.allSatisfy { one[$0] == other[$0] }) }
      guard isCovered || !coveredOnly else { continue }
      report.samples += 1
      for (index, name) in names.enumerated() {
        guard let before = one[name], let after = other[name] else { continue }
        if before.shape == after.shape {
          try report.outputs[index].add(reference: before, candidate: after)
        } else {
          report.outputs[index].skipRow()
        }
      }
      accuracy.add(label: reference.set.labels.isEmpty ? nil : reference.set.labels[sample], one.choice(names), other.choice(names))
    }
    guard report.samples > 0 else {
      throw .invalid("verify/nothing-covered", "no sample is the same tokens to both models", fix: "give samples of the kind the vocabulary was cut for")
    }
    (report.coverage, report.accuracy) = (coverage, accuracy.labelled > 0 ? accuracy : nil)
    return report
  }

  private func outputs(_ side: Side, _ threads: Int, _ progress: ProgressBar) throws(Diagnostic) -> SampleOutputs {
    let graph = side.engine.graph
    let (inputs, names) = (Set(graph.inputs.map { graph[$0].name }), graph.outputs.map { graph[$0].name })
    do throws(Diagnostic) {
      let feeds = side.set.feeds
      let results = try concurrentMap(feeds.count, threads: side.engine.concurrency(threads)) { (index) throws(Diagnostic) in
        let tensors = try side.engine.run(feeds[index].restricted(to: inputs))
        progress.advance(by: feeds[index].samples.count)
        return Dictionary(zip(names, tensors)) { first, _ in first }
      }
      return try SampleOutputs(side.set, results, of: graph)
    } catch {
      throw error.located(in: Location(file: side.path))
    }
  }
}

extension SampleOutputs {
  /// The outputs' ranks.
  fileprivate func ranks(_ names: [String]) -> [Int] {
    let first = rows.compactMap { $0 }.first
    return names.map { first?[$0]?.rank ?? 0 }
  }
}

extension [String: Tensor] {
  /// The class that the first output with a row of scores chooses.
  fileprivate func choice(_ names: [String]) -> Int? {
    for name in names {
      if let row = self[name].flatMap({ Prediction.rows(of: $0, classes: nil) }), row.count == 1 { return row[0]?.index }
    }
    return nil
  }
}

extension EquivalenceReport.Accuracy {
  fileprivate init() { self.init(labelled: 0, reference: 0, candidate: 0) }

  fileprivate mutating func add(label: Int?, _ reference: Int?, _ candidate: Int?) {
    guard let label, reference != nil else { return }
    labelled += 1
    self.reference += reference == label ? 1 : 0
    self.candidate += candidate == label ? 1 : 0
  }
}
