import LatheDiagnostics
import LatheIR
import LatheTensors

/// One run of two models on the same samples.
public struct TraceFeed: Sendable {
  /// The part of a value that counts: without what only fills batches.
  public typealias Part = @Sendable (_ value: Tensor, _ id: ValueID, _ graph: Graph) throws(Diagnostic) -> Tensor

  /// By input name, as each model reads the samples.
  public let reference, candidate: [String: Tensor]
  public let part: Part

  public init(reference: [String: Tensor], candidate: [String: Tensor], part: @escaping Part) {
    (self.reference, self.candidate, self.part) = (reference, candidate, part)
  }
}

/// Runs a prepared graph on inputs by name, and gives the outputs in the graph's order.
public typealias RunGraph = (_ inputs: [String: Tensor]) throws(Diagnostic) -> [Tensor]

/// Prepares a graph to be run.
public typealias PrepareGraph = (Graph) throws(Diagnostic) -> RunGraph
