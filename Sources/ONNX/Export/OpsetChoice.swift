import LatheDiagnostics
import LatheIR

/// Which operator set a model is written in.
struct OpsetChoice {
  /// What a model that does not come from ONNX is written in at least: the first whose reductions take their axes as
  /// operands.
  static let fallback = 18

  let graph: Graph

  /// The operator set asked for, or the smallest that will do for a model written in `source`.
  func choose(_ asked: Int?, source: Int?) throws(Diagnostic) -> Int {
    guard let asked else { return try smallest(from: source) }
    return try checked(asked)
  }

  /// The operator set asked for, once every node is known to have a form there.
  ///
  /// - Throws: `onnx/opset` for the first node that has none, with the operator sets in which it has one.
  private func checked(_ opset: Int) throws(Diagnostic) -> Int {
    guard ONNXVersions.opset.contains(opset) else {
      throw Diagnostic(
        "onnx/opset-range", .usage, "the opset \(opset) is not one of those Lathe writes",
        fix: "ask for one from \(ONNXVersions.opset.lowerBound) to \(ONNXVersions.opset.upperBound)")
    }
    try check(graph, opset, path: "")
    return opset
  }

  /// The smallest operator set from `source` on in which every node has a form.
  ///
  /// - Throws: `onnx/opset` for a node that has none in any of them.
  private func smallest(from source: Int?) throws(Diagnostic) -> Int {
    let first = max(source ?? Self.fallback, ONNXVersions.opset.lowerBound)
    guard first <= ONNXVersions.opset.upperBound else { return try checked(first) }
    var fault: Diagnostic?
    for opset in first...ONNXVersions.opset.upperBound {
      do throws(Diagnostic) {
        try check(graph, opset, path: "")
        return opset
      } catch {
        fault = fault ?? error
      }
    }
    throw fault ?? Diagnostic("onnx/opset", .internalFault, "no opset was tried")
  }

  private func check(_ graph: Graph, _ opset: Int, path: String) throws(Diagnostic) {
    for id in graph.order {
      do throws(Diagnostic) {
        _ = try Lowering.lower(id, of: graph, opset: opset)
      } catch {
        throw explained(error, id, graph).located(in: Location(node: path + graph.describe(id)))
      }
      for inner in graph.subgraphs(of: id) { try check(inner, opset, path: path + graph.describe(id) + "/") }
    }
  }

  /// The fault with the operator sets in which the node has a form.
  private func explained(_ fault: Diagnostic, _ id: NodeID, _ graph: Graph) -> Diagnostic {
    var fault = fault
    let possible = ONNXVersions.opset.filter { (try? Lowering.lower(id, of: graph, opset: $0)) != nil }
    if let first = possible.first, let last = possible.last {
      let range =
        last == ONNXVersions.opset.upperBound ? "\(first) or newer" : first == last ? "\(first)" : "\(first) to \(last)"
      fault.fix = "export at opset \(range) (--opset)"
    } else {
      fault.notes.append(
        "no opset from \(ONNXVersions.opset.lowerBound) to \(ONNXVersions.opset.upperBound) can say it")
    }
    return fault
  }
}
