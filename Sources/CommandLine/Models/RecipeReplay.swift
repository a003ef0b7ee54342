import LatheDiagnostics
import LatheIR
import LathePassKit
import LathePasses
import LathePlugins
import LatheSamples

/// Runs a recipe once more and keeps what each pass left.
struct RecipeReplay {
  /// A model on its way.
  struct Stage: Sendable {
    /// Passes that have run.
    let step: Int
    /// The last of them; `import` for the first stage.
    let pass: String
    let graph: Graph
    /// Vocabulary and bounds behind the pass.
    let text: TextAssets?
  }

  let pipeline: Pipeline
  let evidence: Evidence
  /// Which tokens a cut left, where no corpus tells; nil where one does.
  let keptTokens: [Bool]?
  let limits: ResourceLimits
  let threads: Int

  /// The stages, the graph as it came first.
  ///
  /// - Throws: what passes throw.
  func run(on graph: Graph) throws(Diagnostic) -> [Stage] {
    var graph = graph
    var stages = [Stage(step: 0, pass: "import", graph: graph, text: evidence.texts.assets)]
    let texts = evidence.texts
    let progress = ProgressBar("passes", total: pipeline.steps.count)
    defer { progress.finish() }
    var surroundings = Pipeline.Surroundings(evidence, limits: limits, threads: threads, progress: progress)
    if let keptTokens { surroundings.tokenCounts = { () throws(Diagnostic) in keptTokens.map { $0 ? 1 : 0 } } }
    // A pass's changes of the vocabulary are known when the next one begins.
    func settle() {
      guard let last = stages.popLast() else { return }
      stages.append(Stage(step: last.step, pass: last.pass, graph: last.graph, text: texts.assets))
    }
    let (willRun, didRun) = (surroundings.willRun, surroundings.didRun)
    surroundings.willRun = { number, step in
      settle()
      willRun(number, step)
    }
    surroundings.didRun = { (number, step, graph) throws(Diagnostic) in
      try didRun(number, step, graph)
      stages.append(Stage(step: number + 1, pass: step.id.rawValue, graph: graph, text: nil))
    }
    var ledger = Ledger()
    try pipeline.run(on: &graph, ledger: &ledger, in: surroundings)
    settle()
    return stages
  }
}
