import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheSamples
import LatheTensors

/// Runs two models side by side on all feeds and compares their outputs.
struct FeedComparison: Sendable {
  /// A model and what runs it.
  typealias Runner = (path: String, engine: Engine)

  let reference: Runner
  var candidate: Runner
  var set: SampleSet
  /// The reference's outputs, in its order.
  let outputs: [String]
  /// The candidate's outputs, in its order.
  let candidateOutputs: [String]
  /// What the reference gave for each feed, where that is known.
  var known: [[Tensor]]?
  /// What compares decisions.
  var judge: DecisionJudge?
  /// The same samples as the candidate reads them, in the same batches; nil where it reads what the reference reads.
  var candidateSet: SampleSet?
  /// What the candidate gave for each feed, where that is known.
  var candidateKnown: [[Tensor]]?

  /// What one feed gave.
  private struct Result: Sendable {
    var comparisons: [OutputComparison]
    var ranks: [Int]
    /// Samples there are, where the feed is the only one.
    var samples: Int
    var tasks: [TaskComparison] = []
    /// Choice of each model for each sample of the feed, from the first output with a row of scores a sample.
    var choices: [(sample: Int, reference: Int?, candidate: Int?)]
  }

  /// - Throws: the diagnostic of the first feed that a model cannot run, with the model's file.
  func run(threads: Int, tolerance: Tolerance) throws(Diagnostic) -> EquivalenceReport {
    var own = self
    if known == nil { own.known = try together(reference, set.feeds) }
    own.candidateKnown = try together(candidate, (candidateSet ?? set).feeds)
    return try own.compareAll(threads: threads, tolerance: tolerance)
  }

  /// What an engine that is asked once for all feeds gave; nil for any other engine.
  private func together(_ runner: Runner, _ feeds: [Feed]) throws(Diagnostic) -> [[Tensor]]? {
    do throws(Diagnostic) {
      return try runner.engine.runTogether(feeds)
    } catch {
      throw error.located(in: Location(file: runner.path))
    }
  }

  private func compareAll(threads: Int, tolerance: Tolerance) throws(Diagnostic) -> EquivalenceReport {
    let progress = ProgressBar("comparing", total: set.count)
    defer { progress.finish() }
    let results = try concurrentMap(set.feeds.count, threads: threads) { (index) throws(Diagnostic) in
      let result = try compare(index)
      progress.advance(by: set.feeds[index].samples.count)
      return result
    }
    var total = outputs.map(OutputComparison.init(name:))
    for result in results {
      for position in total.indices { total[position].merge(result.comparisons[position]) }
    }
    var report = EquivalenceReport(
      samples: results.first?.samples ?? set.count, outputs: total, ranks: results.first?.ranks ?? outputs.map { _ in 0 },
      accuracy: accuracy(results),
      tolerance: tolerance)
    report.tasks = judge?.comparisons ?? []
    for result in results {
      for (position, task) in result.tasks.enumerated() { report.tasks[position].merge(task) }
    }
    for position in report.tasks.indices { report.tasks[position].finish() }
    return report
  }

  /// What the reference gives for each feed.
  func referenceOutputs(threads: Int) throws(Diagnostic) -> [[Tensor]] {
    do throws(Diagnostic) {
      return try FeedRunner(engine: reference.engine, threads: threads).outputs(set.feeds)
    } catch {
      throw error.located(in: Location(file: reference.path))
    }
  }

  private func compare(_ index: Int) throws(Diagnostic) -> Result {
    let feed = set.feeds[index]
    let left: [Tensor]
    if let known { left = known[index] } else { left = try run(reference, feed) }
    let graph = reference.engine.graph
    let right: [Tensor]
    if let candidateKnown { right = candidateKnown[index] } else { right = try run(candidate, candidateSet?.feeds[index] ?? feed) }
    var result = Result(comparisons: [], ranks: left.map(\.rank), samples: set.sampleCount(with: left), choices: [])
    for (position, name) in outputs.enumerated() {
      guard let other = candidateOutputs.firstIndex(of: name) else { continue }
      let id = graph.outputs.indices.contains(position) ? graph.outputs[position] : nil
      var comparison = OutputComparison(name: name)
      try comparison.add(
        reference: try feed.withoutPadding(left[position], of: id, in: graph),
        candidate: try feed.withoutPadding(right[other], of: id, in: graph),
        rowLengths: feed.rowLengths(of: left[position], id, in: graph))
      result.comparisons.append(comparison)
      if result.choices.isEmpty { result.choices = choices(feed, left[position], right[other]) }
    }
    if let judge {
      let (one, two) = (Dictionary(zip(outputs, left)) { first, _ in first }, Dictionary(zip(candidateOutputs, right)) { first, _ in first })
      result.tasks = try judge.compare(feed, one, two, of: graph)
    }
    return result
  }

  private func choices(
    _ feed: Feed, _ left: Tensor, _ right: Tensor
  ) -> [(sample: Int, reference: Int?, candidate: Int?)] {
    guard !set.labels.isEmpty, let one = Prediction.rows(of: left, classes: nil),
      let two = Prediction.rows(of: right, classes: nil),
      one.count >= feed.samples.count
    else { return [] }
    return zip(feed.samples, zip(one, two)).map { ($0, $1.0?.index, $1.1?.index) }
  }

  private func run(_ runner: Runner, _ feed: Feed) throws(Diagnostic) -> [Tensor] {
    let names = Set(runner.engine.graph.inputs.map { runner.engine.graph[$0].name })
    do throws(Diagnostic) {
      return try runner.engine.run(feed.restricted(to: names))
    } catch {
      throw error.located(in: Location(file: runner.path))
    }
  }

  private func accuracy(_ results: [Result]) -> EquivalenceReport.Accuracy? {
    var accuracy = EquivalenceReport.Accuracy(labelled: 0, reference: 0, candidate: 0)
    for choice in results.flatMap(\.choices) {
      guard let label = set.labels[choice.sample] else { continue }
      accuracy.labelled += 1
      accuracy.reference += choice.reference == label ? 1 : 0
      accuracy.candidate += choice.candidate == label ? 1 : 0
    }
    return accuracy.labelled > 0 ? accuracy : nil
  }
}
