import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Finds out where the values of a graph hold zeros alone, whatever its inputs are.
///
/// It is mathematics: a zero times a computed number is a zero. Of what it does not know, it says nothing.
struct ZeroAnalysis {
  private var graph: Graph
  private var inference = TypeInference()
  private var known: [ValueID: ZeroPlaces] = [:]
  /// Places of computed values that may still be noted, which bounds the memory for axes that no constant has.
  private var placesLeft = 1 << 28

  init(_ graph: Graph) {
    self.graph = graph
    for id in graph.order { visit(id) }
  }

  /// What is known of a value, constants included.
  func zeros(of value: ValueID) -> ZeroPlaces {
    known[value] ?? graph.constant(value)?.zeroPlaces() ?? ZeroPlaces(axes: (graph.shape(value) ?? []).map { _ in nil })
  }

  private mutating func visit(_ id: NodeID) {
    // The types stay as they are; what inference has against them is not asked here.
    try? inference.visit(id, in: &graph)
    guard let site = site(id) else { return }
    let isTouched = site.zeros.contains { $0.map { !$0.isEmpty } ?? false }
    guard isTouched || site.op is ConstantOfShape else { return }
    let rules = ZeroRules(site)
    for (position, output) in graph[id].outputs.enumerated() {
      guard let output, let places = rules.places(in: position), !places.isEmpty, places.count <= placesLeft else {
        continue
      }
      placesLeft -= places.count
      known[output] = places
    }
  }

  private mutating func site(_ id: NodeID) -> ZeroSite? {
    let node = graph[id]
    guard let op = node.op as? any AxisMapping, let (operands, results) = inference.signature(of: node, in: graph),
      let map = op.axisMap(operands, results)
    else { return nil }
    for input in node.inputs.compactMap({ $0 }) where known[input] == nil {
      if let tensor = graph.constant(input) { known[input] = tensor.zeroPlaces() }
    }
    let zeros = node.inputs.map { $0.map { self.zeros(of: $0) } }
    return ZeroSite(op: op, operands: operands, zeros: zeros, map: map, results: results)
  }
}
