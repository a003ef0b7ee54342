import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

extension Graph {
  /// The graph with floats in the place of weights that are stored as codes: what is the same in every run is computed once.
  ///
  /// - Throws: what the codes' reference evaluation throws.
  func withWeightsUnpacked(_ limits: ResourceLimits) throws(Diagnostic) -> Graph {
    var graph = self
    for id in order {
      guard let op = self[id].op as? DequantizeLinear, let output = self[id].outputs.first.flatMap({ $0 }), !isOutput(output) else { continue }
      let inputs = self[id].inputs.map { constant($0) }
      guard zip(inputs, self[id].inputs).allSatisfy({ $0 != nil || $1 == nil }) else { continue }
      guard let tensor = try op.evaluateChecked(inputs, limits: limits).first else { continue }
      let floats = try graph.addConstant(graph.uniqueName("\(self[output].name).unpacked"), tensor)
      graph.replaceAllUses(of: output, with: floats)
      graph.removeNode(id)
    }
    return graph
  }
}
