import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LatheSamples
import LatheTensors

/// Measures on samples how far a graph's outputs are from those of the graph before it, and of the first.
final class DriftGauge {
  private let runs: SampleRuns
  private var source: [[String: Tensor]] = []
  private var last: (graph: Graph, outputs: [[String: Tensor]], total: Drift)?

  init(_ set: SampleSet, limits: ResourceLimits, threads: Int) {
    runs = SampleRuns(set: set, engine: .reference, limits: limits, threads: threads)
  }

  /// - Throws: the interpreter's diagnostics, and `equivalence/shape` where an output changes its shape.
  func measure(_ graph: Graph) throws(Diagnostic) -> (step: Drift, total: Drift) {
    if let last, last.graph == graph { return (Drift(samples: runs.set.count), last.total) }
    let outputs = try runs.outputs(of: graph)
    guard let last else {
      source = outputs
      self.last = (graph, outputs, Drift(samples: runs.set.count))
      return (Drift(samples: runs.set.count), Drift(samples: runs.set.count))
    }
    let step = try runs.drift(from: last.outputs, to: outputs, of: graph)
    let total = try runs.drift(from: source, to: outputs, of: graph)
    self.last = (graph, outputs, total)
    return (step, total)
  }
}
