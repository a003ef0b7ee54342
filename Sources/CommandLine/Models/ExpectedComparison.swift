import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheSamples
import LatheTensors

/// Compares a model's outputs with those that another tool wrote for the same samples.
///
/// Arrays are named as `lathe run -o` names them: NAME holds all samples along its first axis, or the whole of an .npz's outputs;
/// NAME.0, NAME.1, … one sample each. What lies behind a text's own tokens does not count.
struct ExpectedComparison: Sendable {
  let path: String
  let expected: [String: Tensor]
  let candidate: FeedComparison.Runner
  let set: SampleSet

  /// - Throws: `verify/outputs` for names that do not match, `verify/expected` for arrays of other samples, and the engine's diagnostics.
  func run(threads: Int, tolerance: Tolerance) throws(Diagnostic) -> EquivalenceReport {
    let graph = candidate.engine.graph
    let names = graph.outputs.map { graph[$0].name }
    try checkNames(names)
    let progress = ProgressBar("comparing", total: set.count)
    defer { progress.finish() }
    let runner = FeedComparison(reference: candidate, candidate: candidate, set: set, outputs: names, candidateOutputs: names)
    let outputs = try runner.referenceOutputs(threads: candidate.engine.concurrency(threads))
    let own = try SampleOutputs(set, outputs.map { Dictionary(zip(names, $0)) { first, _ in first } }, of: graph)
    var report = EquivalenceReport(
      samples: set.count, outputs: names.map(OutputComparison.init(name:)), ranks: outputs.first?.map { $0.rank } ?? names.map { _ in 0 },
      accuracy: nil, tolerance: tolerance)
    var accuracy = EquivalenceReport.Accuracy(labelled: 0, reference: 0, candidate: 0)
    for sample in own.rows.indices {
      guard let row = own.rows[sample] else { continue }
      var choices: (Int?, Int?)?
      for (index, name) in names.enumerated() {
        guard let tensor = row[name] else {
          throw fault("the output \(name) has no row for each sample, so that an array cannot be compared with it")
        }
        let before = try part(name, sample, like: tensor)
        try report.outputs[index].add(reference: before, candidate: tensor)
        if choices == nil, let one = Prediction.rows(of: before, classes: nil), one.count == 1,
          let other = Prediction.rows(of: tensor, classes: nil)
        {
          choices = (one[0]?.index, other.first.flatMap { $0 }?.index)
        }
      }
      guard let choices, let label = set.labels.isEmpty ? nil : set.labels[sample] else { continue }
      accuracy.labelled += 1
      accuracy.reference += choices.0 == label ? 1 : 0
      accuracy.candidate += choices.1 == label ? 1 : 0
    }
    report.accuracy = accuracy.labelled > 0 ? accuracy : nil
    return report
  }

  private func checkNames(_ names: [String]) throws(Diagnostic) {
    let missing = names.filter { expected[$0] == nil && expected["\($0).0"] == nil }
    guard missing.isEmpty else {
      throw Diagnostic(
        "verify/outputs", .brokenPromise, "\(path) holds no outputs \(missing.joined(separator: ", "))",
        notes: ["it holds \(expected.keys.sorted().prefix(20).joined(separator: ", "))"],
        fix: "name the arrays after the model's outputs")
    }
  }

  /// What was expected of one sample, in the shape of what came.
  private func part(_ name: String, _ sample: Int, like own: Tensor) throws(Diagnostic) -> Tensor {
    let array: Tensor
    if let single = expected["\(name).\(sample)"] {
      array = single
    } else if let whole = expected[name] {
      guard !set.isSingleFeed else { return whole }
      guard whole.rank > 0, whole.shape[0] == set.count else {
        throw fault("\(name) is \(whole.dtype)\(whole.shape), but there are \(set.count) samples")
      }
      array = try whole.keeping([sample], along: 0)
    } else {
      throw fault("there is no \(name).\(sample)")
    }
    let inner = array.rank > own.rank ? Array(array.shape.dropFirst()) : array.shape
    // Behind a text's own tokens, another tool may have padded.
    if inner.count == own.rank, let given = inner.first, let wanted = own.shape.first, given > wanted, inner.dropFirst() == own.shape.dropFirst() {
      return try array.reshaped(to: inner).keeping(Array(0..<wanted), along: 0)
    }
    return array.elementCount == own.elementCount && array.shape.last == own.shape.last ? try array.reshaped(to: own.shape) : array
  }

  private func fault(_ message: String) -> Diagnostic {
    .invalid("verify/expected", message, at: Location(file: path), fix: "write the outputs of the same samples, in their order")
  }
}
