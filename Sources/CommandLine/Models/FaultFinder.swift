import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LatheSamples

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
  var words: CommandWords
  /// Samples on which passes are held against the tolerance.
  let samples: TracedModels.Choice

  /// - Parameter breaking: few samples that break the tolerance; nil where none do.
  /// - Throws: what passes and engines throw.
  func find(_ breaking: TracedModels.Choice?) throws(Diagnostic) -> BisectReport {
    let record = try options.recipe == nil ? recorded() : nil
    var finder = self
    // A part of what a record tells has no name of its own.
    if let record, !record.isWhole { finder.words.recipe = nil }
    return try finder.find(breaking, record)
  }

  private func find(_ breaking: TracedModels.Choice?, _ record: RecordedRecipe?) throws(Diagnostic) -> BisectReport {
    let (left, right) = (models.reference.model, models.candidate.model)
    var named: Recipe?
    if let name = options.recipe { named = try PassPlan.read(name) }
    guard let recipe = named ?? record?.recipe, !recipe.steps.isEmpty else {
      return breaking == nil ? nothing() : try nodeAlone(breaking ?? samples, "the candidate carries no record of passes")
    }
    if record?.keptTokens != nil, try models.set(left.text, samples).texts == nil {
      throw Diagnostic(
        "verify/bisect-ids", .usage, "the recipe cuts the vocabulary, and samples of ids cannot be read behind that",
        at: Location(file: models.samples), fix: "give texts, with --vocab where the models carry no vocabulary")
    }
    let stages = try replay(recipe, record).run(on: left.graph)
    let end = stages.last
    let made = try remade(end?.graph ?? left.graph, like: right)
    let difference = GraphDifference(made, right.graph)
    let gaps = gaps(record)
    let notes = gaps + notes(difference)
    var search = StageSearch(models: models, stages: stages, choice: samples)
    guard let breaking else {
      guard !difference.isEmpty else { return nothing() }
      guard gaps.isEmpty else {
        var report = nothing("the models are equivalent on these samples; whether the file is what its recipe makes cannot be told")
        report.notes = gaps
        return report
      }
      let some = try models.someSamples()
      return try blameFile((made, end?.text), difference, search, some, notes + ["on these samples the tolerance is kept all the same"])
    }
    let keeps = try search.keeps(stages.count - 1)
    if !difference.isEmpty {
      let material = try models.breakingSamples((made, end?.text), (right.graph, right.text), of: samples)
      if material != nil || keeps { return try blameFile((made, end?.text), difference, search, material ?? breaking, notes, isSure: gaps.isEmpty) }
    }
    guard !keeps else {
      return nothing("the file is what its recipe makes, and that keeps the tolerance where the runtime runs it: look at the engine")
    }
    let place = try search.firstBreaking()
    guard place > 0 else {
      return nothing("no pass of the recipe changes the graph, and yet its outputs differ: it draws at random, or NaN is among them")
    }
    return try blamePass(place, search, notes)
  }

  private func notes(_ difference: GraphDifference) -> [String] {
    guard !difference.isEmpty else { return [] }
    let nodes = difference.changed.count + difference.rewritten.count + difference.added.count + difference.removed.count
    func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
    return ["the file differs from what the recipe makes in \(count(difference.constants.count, "constant")) and \(count(nodes, "node"))"]
  }

  // MARK: - Findings

  private func nothing(_ reason: String = "the models are equivalent on these samples: there is nothing to find") -> BisectReport {
    BisectReport(.nothing, reason)
  }

  private func blamePass(_ place: Int, _ search: StageSearch, _ notes: [String]) throws(Diagnostic) -> BisectReport {
    let (before, after) = (search.stages[place - 1], search.stages[place])
    let changes = GraphDifference(before.graph, after.graph)
    let source = (models.reference.model.graph, models.reference.model.text)
    let breaking = try models.breakingSamples(source, (after.graph, after.text), of: samples) ?? samples
    let effects = try effects((before.graph, before.text), (after.graph, after.text), breaking, changes.touched)
    let fault = FaultSentence(effects.culprit, changes, in: after.graph)
    let violation = search.tests.last { $0.step == after.step }?.violations.first
    var report = BisectReport(.pass, fault.pass(after, of: search.stages.count - 1, violation: violation))
    (report.pass, report.step, report.node) = (after.pass, after.step, fault.node)
    (report.constant, report.tests, report.suspects, report.notes) = (fault.constant, search.tests, effects, notes)
    report.command = words.pass(after.step, options, models)
    return report
  }

  private func blameFile(
    _ made: (graph: Graph, text: TextAssets?), _ difference: GraphDifference, _ search: StageSearch, _ choice: TracedModels.Choice,
    _ notes: [String], isSure: Bool = true
  ) throws(Diagnostic) -> BisectReport {
    let right = models.candidate.model
    let effects = try effects(made, (right.graph, right.text), choice, difference.touched)
    let fault = FaultSentence(effects.culprit, difference, in: right.graph)
    let name = fault.constant?.name ?? effects.culprit?.entry.value
    let maker = name.flatMap { StageSearch.maker(of: $0, in: search.stages) }
    let sentence = fault.file(maker, of: search.stages.count - 1)
    var report = BisectReport(.file, isSure ? sentence : "as far as can be told without what the notes ask for, \(sentence)")
    (report.pass, report.step, report.node) = (maker.flatMap { $0.step == 0 ? nil : $0.pass }, maker?.step, fault.node)
    (report.constant, report.tests, report.suspects, report.notes) = (fault.constant, search.tests, effects, notes)
    report.command = words.file(options, models)
    return report
  }

  private func nodeAlone(_ choice: TracedModels.Choice, _ reason: String) throws(Diagnostic) -> BisectReport {
    let (left, right) = (models.reference.model, models.candidate.model)
    let effects = try effects((left.graph, left.text), (right.graph, right.text), choice, nil)
    let fault = FaultSentence(effects.culprit, GraphDifference(left.graph, right.graph), in: right.graph)
    var report = BisectReport(.node, fault.model(reason))
    (report.node, report.constant, report.suspects) = (fault.node, fault.constant, effects)
    report.pass = effects.culprit?.entry.madeBy
    report.notes = ["--recipe tells the passes that made the candidate"]
    report.command = words.trace(models)
    return report
  }

  private func effects(
    _ reference: (graph: Graph, text: TextAssets?), _ candidate: (graph: Graph, text: TextAssets?), _ choice: TracedModels.Choice,
    _ touched: Set<String>?
  ) throws(Diagnostic) -> [NodeEffect] {
    let feeds = try models.feeds(reference.text, candidate.text, on: choice)
    let tracer = try models.tracer(reference.graph, candidate.graph, feeds)
    let entries = try tracer.trace().entries.filter { entry in
      touched.map { $0.contains(entry.node) || !$0.isDisjoint(with: entry.companions) } ?? true
    }
    return try tracer.effects(of: entries, tolerance: models.tolerance)
  }
}
