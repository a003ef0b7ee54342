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
  /// What compares decisions.
  let judge: DecisionJudge

  /// - Throws: `verify/outputs` for names that do not match, `verify/expected` for arrays of other samples, and the engine's diagnostics.
  func run(threads: Int, tolerance: Tolerance) throws(Diagnostic) -> EquivalenceReport {
    let graph = candidate.engine.graph
    let names = graph.outputs.map { graph[$0].name }
    try checkNames(names)
    let progress = ProgressBar("comparing", total: set.count)
    defer { progress.finish() }
    let outputs: [[Tensor]]
    do throws(Diagnostic) {
      let runner = FeedRunner(engine: candidate.engine, threads: candidate.engine.concurrency(threads))
      outputs = try runner.outputs(set.feeds, progress: progress)
    } catch {
      throw error.located(in: Location(file: candidate.path))
    }
    let own = try SampleOutputs(set, outputs.map { Dictionary(zip(names, $0)) { first, _ in first } }, of: graph)
    var rows = [[String: Tensor]?](repeating: nil, count: own.rows.count)
    for (sample, row) in own.rows.enumerated() {
      if let row { rows[sample] = try reference(names, sample, like: row) }
    }
    let pairs = PairedOutputs(names: names, reference: SampleOutputs(rows: rows), candidate: own, labels: set.labels)
    var report = try pairs.report(judge, tolerance)
    report.samples = set.sampleCount(with: outputs.first ?? [])
    report.ranks = outputs.first?.map(\.rank) ?? report.ranks
    return report
  }

  /// What was expected of one sample.
  private func reference(_ names: [String], _ sample: Int, like row: [String: Tensor]) throws(Diagnostic) -> [String: Tensor] {
    var expected: [String: Tensor] = [:]
    for name in names {
      guard let tensor = row[name] else {
        throw fault("the output \(name) has no row for each sample, so that an array cannot be compared with it")
      }
      let part = try part(name, sample, like: tensor)
      guard part.shape == tensor.shape else {
        throw fault("\(name) is \(part.dtype)\(part.shape) for sample \(sample + 1), where the model gives \(tensor.dtype)\(tensor.shape)")
      }
      expected[name] = part
    }
    return expected
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
      guard !set.isSingleFeed else { return try Self.reshaped(whole, like: own) }
      guard whole.rank > 0, whole.shape[0] == set.count else {
        throw fault("\(name) is \(whole.dtype)\(whole.shape), but there are \(set.count) samples")
      }
      array = try whole.keeping([sample], along: 0)
    } else {
      throw fault("there is no \(name).\(sample)")
    }
    let inner = try array.rank > own.rank && array.shape.first == 1 ? array.reshaped(to: Array(array.shape.dropFirst())) : array
    if let cut = try withoutPadding(inner, name, sample, like: own) { return cut }
    return try Self.reshaped(inner, like: own)
  }

  /// The array in the shape of what came, where it holds as many rows of the same width; else as it is.
  private static func reshaped(_ array: Tensor, like own: Tensor) throws(Diagnostic) -> Tensor {
    array.elementCount == own.elementCount && array.shape.last == own.shape.last ? try array.reshaped(to: own.shape) : array
  }

  /// The rows of a text's own tokens, behind which another tool may have padded; nil where an array has no rows of tokens or no others.
  private func withoutPadding(_ array: Tensor, _ name: String, _ sample: Int, like own: Tensor) throws(Diagnostic) -> Tensor? {
    guard let tokens = set.ids?[sample].count, isByToken(name) else { return nil }
    // A number for each token is one row.
    if own.shape == [1, tokens], let given = array.shape.last, given > tokens, array.elementCount == given {
      return try array.reshaped(to: [1, given]).keeping(Array(0..<tokens), along: 1)
    }
    guard array.rank == own.rank, own.shape.first == tokens, let given = array.shape.first, given > tokens,
      array.shape.dropFirst() == own.shape.dropFirst()
    else { return nil }
    return try array.keeping(Array(0..<tokens), along: 0)
  }

  /// Whether an output's second extent is not fixed by the model, as that of tokens is not.
  private func isByToken(_ name: String) -> Bool {
    let graph = candidate.engine.graph
    guard let id = graph.outputs.first(where: { graph[$0].name == name }), let shape = graph[id].type?.tensor?.shape else { return true }
    return shape.count > 1 && (shape[1].known == nil || graph.fixesLength)
  }

  private func fault(_ message: String) -> Diagnostic {
    .invalid("verify/expected", message, at: Location(file: path), fix: "write the outputs of the same samples, in their order")
  }
}
