import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheIR
import LathePassKit
import LathePasses
import LatheSamples
import OrderedCollections

/// Finds the pass and the node by which a candidate breaks the tolerance.
///
/// The recipe runs again on the reference, and its stages are searched by halves for a pass before which the tolerance is kept and behind
/// which it is not. Then the values of the two stages are compared node by node, and each node's own error is put into the earlier one:
/// the node to blame is the one that does alone what the pass does. Where the recipe's result is not what the file holds, the same is
/// done with these two.
struct FaultFinder {
  let models: TracedModels
  let options: LocalizationOptions
  /// What the command that reproduces a finding repeats.
  let words: CommandWords

  /// - Throws: what passes and engines throw.
  func find() throws(Diagnostic) -> BisectReport {
    let (left, right) = (models.reference.model, models.candidate.model)
    guard let choice = try models.breakingSamples() else { return nothing() }
    let record = try options.recipe == nil ? recorded() : nil
    guard let recipe = try options.recipe.map(PassPlan.read) ?? record?.recipe, !recipe.steps.isEmpty else {
      return try nodeAlone(choice, "the candidate carries no record of passes")
    }
    let stages = try replay(recipe, record, choice).run(on: left.graph)
    var search = StageSearch(models: models, stages: stages, choice: choice)
    let made = try remade(stages.last?.graph ?? left.graph, like: right)
    let difference = GraphDifference(made, right.graph)
    let keeps = try search.keeps(stages.count - 1)
    var notes = notes(record, difference)
    if !difference.isEmpty {
      let text = stages.last?.text
      let isMaterial = try !models.compare((made, text), (right.graph, right.text), on: choice).isEquivalent
      if isMaterial || keeps { return try blameFile(made, text, difference, stages, choice, search.tests, notes) }
      notes.append("what the file holds besides what its recipe makes keeps the tolerance")
    }
    guard !keeps else {
      return nothing("the file is what its recipe makes, and that keeps the tolerance where the runtime runs it: look at the engine")
    }
    return try blamePass(try search.firstBreaking(), stages, choice, search.tests, notes)
  }

  // MARK: - Running the recipe

  private func recorded() throws(Diagnostic) -> RecordedRecipe? {
    guard let record = models.candidate.model.record else { return nil }
    do throws(Diagnostic) {
      return try RecordedRecipe(record, from: SourceDigest.digest(try MappedFile(path: models.reference.path)))
    } catch {
      throw error.located(in: Location(file: models.candidate.path))
    }
  }

  private func replay(_ recipe: Recipe, _ record: RecordedRecipe?, _ choice: TracedModels.Choice) throws(Diagnostic) -> RecipeReplay {
    let model = models.reference.model
    let interface = ModelInterface(model)
    let samples = try FollowingSamples(path: models.samples, for: interface, options: models.options)
    let shown = try options.calibrationSamples.map { (path) throws(Diagnostic) in
      try FollowingSamples(path: path, for: interface, options: models.options)
    }
    let calibration: CalibrationSource
    if let ranges = options.ranges {
      calibration = try CalibrationSource(rangesAt: ranges)
    } else {
      calibration = try CalibrationSource(shown ?? samples, limits: models.limits, threads: models.threads)
    }
    let texts = try ConversionTexts(model.text, options.corpus, limits: models.limits)
    return RecipeReplay(
      pipeline: try recipe.pipeline(from: options.plugins.catalog(for: recipe)), calibration: calibration, samples: samples, shown: shown,
      texts: texts, keptTokens: texts.json == nil ? record?.keptTokens : nil, limits: models.limits, threads: models.threads)
  }

  /// A graph as it comes back from a file of the candidate's format.
  private func remade(_ graph: Graph, like candidate: Model) throws(Diagnostic) -> Graph {
    guard words.isONNX else { return graph }
    var model = models.reference.model
    model.graph = graph
    return try RoundTrip.onnx.apply(to: model, limits: models.limits, opset: candidate.metadata.operatorSets[""]).graph
  }

  private func notes(_ record: RecordedRecipe?, _ difference: GraphDifference) -> [String] {
    var notes: [String] = []
    if let record, !record.isSourceKnown {
      notes.append("the record tells of another source than \(models.reference.path): its passes ran on this file all the same")
    }
    if let name = record?.calibrationName, let digest = record?.calibrationDigest {
      let given = options.calibrationSamples ?? options.ranges
      let own = try? SourceDigest.digest(MappedFile(path: given ?? models.samples))
      if own != digest {
        notes.append("the scales were chosen by \(name), and now by \(given ?? models.samples), so that they differ: give --calibration-samples \(name)")
      }
    }
    if !difference.isEmpty {
      let nodes = difference.changed.count + difference.rewritten.count + difference.added.count + difference.removed.count
      notes.append("the file differs from what the recipe makes in \(difference.constants.count) constants and \(nodes) nodes")
    }
    return notes
  }

  // MARK: - Findings

  private func nothing(_ reason: String = "the models are equivalent on these samples: there is nothing to find") -> BisectReport {
    BisectReport(.nothing, reason)
  }

  private func blamePass(
    _ place: Int, _ stages: [RecipeReplay.Stage], _ choice: TracedModels.Choice, _ tests: [BisectReport.Test], _ notes: [String]
  ) throws(Diagnostic) -> BisectReport {
    let (before, after) = (stages[place - 1], stages[place])
    let effects = try effects((before.graph, before.text), (after.graph, after.text), choice) { _ in true }
    let head = "\(after.pass), pass \(after.step) of \(stages.count - 1), is the one that breaks the tolerance"
    let violation = tests.last { $0.step == after.step }?.violations.first ?? ""
    let node = effects.culprit
    let changes = GraphDifference(before.graph, after.graph)
    let constant = node.flatMap { node in changes.constants.first { $0.readers.contains(node.entry.node) } }
    var report = BisectReport(
      .pass, head + (violation.isEmpty ? "" : " (\(violation))") + Self.clause(node) + (constant.map { ": its @\($0.name) changed in \($0.summary)" } ?? ""))
    (report.pass, report.step, report.node) = (after.pass, after.step, node?.entry.node)
    (report.constant, report.tests, report.suspects, report.notes) = (constant, tests, effects, notes)
    report.command = words.pass(after.step, options, models)
    return report
  }

  private func blameFile(
    _ made: Graph, _ text: TextAssets?, _ difference: GraphDifference, _ stages: [RecipeReplay.Stage], _ choice: TracedModels.Choice,
    _ tests: [BisectReport.Test], _ notes: [String]
  ) throws(Diagnostic) -> BisectReport {
    let right = models.candidate.model
    let readers = Set(difference.constants.flatMap(\.readers))
    let touched = readers.union((difference.changed + difference.rewritten).flatMap(\.after)).union(difference.added)
    let effects = try effects((made, text), (right.graph, right.text), choice) { touched.contains($0.node) || !touched.isDisjoint(with: $0.companions) }
    let ordered = right.graph.order.map(right.graph.describe)
    let culprit = effects.culprit
    let node = culprit?.entry.node ?? ordered.first { touched.contains($0) }
    let constant = difference.constants.first { change in node.map { change.readers.contains($0) } ?? false } ?? difference.constants.first
    let maker = constant.flatMap { StageSearch.maker(of: $0.name, in: stages) } ?? node.flatMap { _ in culprit.flatMap { StageSearch.maker(of: $0.entry.value, in: stages) } }
    let subject = constant.map { "@\($0.name), which \(node ?? "no node") reads, differs in \($0.summary)" } ?? "the node \(node ?? "") is another"
    let origin = maker.map { $0.step == 0 ? "it came with the source" : "\($0.pass), pass \($0.step) of \(stages.count - 1), made it otherwise" }
    var report = BisectReport(
      .file,
      "the file is not what its recipe makes: \(subject)\(origin.map { "; \($0)" } ?? "")\(culprit.map { ", and this alone \($0.breaksTolerance ? "breaks" : "does not break") the tolerance" } ?? "")")
    (report.pass, report.step, report.node) = (maker.flatMap { $0.step == 0 ? nil : $0.pass }, maker?.step, node)
    (report.constant, report.tests, report.suspects, report.notes) = (constant, tests, effects, notes)
    report.command = words.file(options, models)
    return report
  }

  private func nodeAlone(_ choice: TracedModels.Choice, _ reason: String) throws(Diagnostic) -> BisectReport {
    let (left, right) = (models.reference.model, models.candidate.model)
    let effects = try effects((left.graph, left.text), (right.graph, right.text), choice) { _ in true }
    let culprit = effects.culprit
    var report = BisectReport(.node, "the tolerance breaks" + Self.clause(culprit) + "; of passes nothing is known: \(reason)")
    (report.node, report.suspects) = (culprit?.entry.node, effects)
    report.pass = culprit?.entry.madeBy
    report.notes = ["--recipe tells the passes that made the candidate"]
    report.command = words.trace(models)
    return report
  }

  private static func clause(_ effect: NodeEffect?) -> String {
    guard let effect else { return ", though no node that can be compared errs by itself" }
    let from = effect.entry.companions.isEmpty ? "" : " or \(effect.entry.companions.joined(separator: ", ")) before it"
    let violation = effect.report.violations.first?.message
    return violation.map { ", at the node \(effect.entry.node)\(from), which breaks it alone (\($0))" }
      ?? ", not by one node alone; the largest part is that of \(effect.entry.node)\(from)"
  }

  private func effects(
    _ reference: (graph: Graph, text: TextAssets?), _ candidate: (graph: Graph, text: TextAssets?), _ choice: TracedModels.Choice,
    _ counts: (NodeTrace) -> Bool
  ) throws(Diagnostic) -> [NodeEffect] {
    let tracer = models.tracer(reference.graph, candidate.graph)
    let feeds = try models.feeds(reference.text, candidate.text, on: choice)
    let entries = try tracer.trace(feeds).entries
    return try tracer.effects(of: entries.filter(counts), on: feeds, tolerance: models.tolerance)
  }
}
