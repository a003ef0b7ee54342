import LatheDiagnostics
import LatheIR
import LathePassKit

/// Removes inputs that no output depends on, and outputs that are not asked for with all that only they need.
///
/// ```
/// graph (%x, %unused) -> (%y)  →    graph (%x) -> (%y)
/// ```
/// This changes the model's interface, so that no named recipe has it. `keep-outputs` names the outputs that stay, in any order; none
/// named keeps all.
public struct EliminateUnusedInputs: ChangesInterface {
  public struct Options: PassOptions {
    /// Names of the outputs that stay; empty for all.
    public var keepOutputs: [String] = []

    public init() {}
  }

  public static let id: PassID = "simplify/eliminate-unused-inputs"
  public static let summary = "removes inputs that nothing needs, and outputs that are not asked for"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    try dropOutputs(&graph, &outcome)
    context.removeUnread(graph.order, in: &graph)
    for input in graph.inputs where graph[input].users.isEmpty && !graph.isOutput(input) {
      outcome.record("%\(graph[input].name)", .done)
      graph.removeValue(input)
    }
    return outcome
  }

  private func dropOutputs(_ graph: inout Graph, _ outcome: inout PassOutcome) throws(Diagnostic) {
    guard !options.keepOutputs.isEmpty else { return }
    let names = graph.outputs.map { graph[$0].name }
    if let missing = options.keepOutputs.first(where: { !names.contains($0) }) {
      let nearest = Spelling.nearest(missing, among: names)
      throw Diagnostic(
        "simplify/output-unknown", .usage, "the model has no output \(missing) to keep",
        fix: nearest.map { "did you mean \($0)?" } ?? "it has \(names.joined(separator: ", "))")
    }
    for name in names where !options.keepOutputs.contains(name) { outcome.record("%\(name)", .done) }
    graph.setOutputs(graph.outputs.filter { options.keepOutputs.contains(graph[$0].name) })
  }
}
