import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheTensors

/// Holds the stages of a recipe against the tolerance, and remembers what came out.
struct StageSearch {
  let models: TracedModels
  let stages: [RecipeReplay.Stage]
  let choice: TracedModels.Choice
  private(set) var tests: [BisectReport.Test] = []
  private var known: [[Tensor]]?

  init(models: TracedModels, stages: [RecipeReplay.Stage], choice: TracedModels.Choice) {
    (self.models, self.stages, self.choice) = (models, stages, choice)
  }

  /// Whether the outputs behind a stage are within the tolerance.
  mutating func keeps(_ place: Int) throws(Diagnostic) -> Bool {
    let stage = stages[place]
    if let test = tests.first(where: { $0.step == stage.step }) { return test.violations.isEmpty }
    let reference = (models.reference.model.graph, models.reference.model.text)
    if known == nil { known = try models.outputs(reference.0, reference.1, on: choice) }
    let report = try models.compare(reference, (stage.graph, stage.text), on: choice, known: known)
    let violations = report.violations.map { $0.output.isEmpty ? $0.message : "\($0.output): \($0.message)" }
    tests.append(.init(step: stage.step, pass: stage.pass, violations: violations))
    return report.isEquivalent
  }

  /// A stage that breaks the tolerance while the one before it keeps it.
  ///
  /// - Precondition: the last stage breaks it; the first is the reference itself.
  mutating func firstBreaking() throws(Diagnostic) -> Int {
    // Passes that changed nothing need no looking at.
    let places = stages.indices.filter { $0 == 0 || stages[$0].graph != stages[$0 - 1].graph || stages[$0].text != stages[$0 - 1].text }
    var (good, bad) = (0, places.count - 1)
    while bad - good > 1 {
      let middle = (good + bad) / 2
      if try keeps(places[middle]) { good = middle } else { bad = middle }
    }
    return places[bad]
  }

  /// The pass behind which a value is as the last stage has it; nil where the last stage has none of that name.
  static func maker(of name: String, in stages: [RecipeReplay.Stage]) -> (step: Int, pass: String)? {
    guard let last = stages.last?.graph, let id = last.value(named: name) else { return nil }
    var maker: (step: Int, pass: String)?
    for stage in stages.reversed() {
      guard let own = stage.graph.value(named: name) else { break }
      guard stage.graph.constant(own) == last.constant(id), stage.graph.producer(of: own)?.op.name == last.producer(of: id)?.op.name else { break }
      maker = (stage.step, stage.pass)
    }
    return maker
  }
}
