import LatheDiagnostics
import LatheIR
import LatheJSON

/// An ordered list of passes.
public struct Pipeline: Sendable {
  /// A pass and the options it was asked for with.
  public struct Step: Sendable {
    public let pass: any Pass
    public let options: JSONValue

    public init(_ pass: any Pass, options: JSONValue = [:]) {
      self.pass = pass
      self.options = options
    }
  }

  public var steps: [Step]

  public init(_ steps: [Step]) { self.steps = steps }

  /// Runs the passes in order, inferring types and verifying after each, and appends a line to the ledger for each.
  ///
  /// - Parameter progress: told the step's number and id before each starts.
  /// - Throws: what a pass throws, and the verifier's findings as a defect of the pass; all with the pass's id.
  public func run(
    on graph: inout Graph, limits: ResourceLimits, ledger: inout Ledger, progress: (Int, PassID) -> Void = { _, _ in }
  ) throws(Diagnostic) {
    for (number, step) in steps.enumerated() {
      let id = type(of: step.pass).id
      progress(number, id)
      let clock = ContinuousClock()
      let start = clock.now
      let outcome: PassOutcome
      do {
        outcome = try step.pass.run(on: &graph, in: PassContext(pass: id, limits: limits))
        try graph.inferTypes()
        try Verifier().verify(graph)
      } catch {
        throw error.located(in: Location(pass: id.rawValue))
      }
      let elapsed = start.duration(to: clock.now) / .seconds(1)
      ledger.entries.append(
        Ledger.Entry(
          step: id.rawValue, options: step.options, guarantee: step.pass.guarantee, after: Ledger.Size(of: graph),
          done: outcome.doneCount, declined: outcome.declined, seconds: elapsed))
    }
  }
}

extension Ledger.Size {
  /// The size of a graph, subgraphs included.
  public init(of graph: Graph) {
    self.init(nodes: graph.totalNodeCount, parameters: graph.parameterCount, bytes: graph.constantByteCount)
  }
}
