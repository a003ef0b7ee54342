import LatheDiagnostics
import LatheIR
import LatheTensors

/// A graph that is being read, and its place in the graphs around it.
final class GraphTarget {
  var graph: Graph
  var inference = TypeInference()
  let enclosing: GraphTarget?
  /// Names that the file gives to values of this graph, which no generated name may take.
  var reserved: (String) -> Bool = { _ in false }
  /// Values of the enclosing graph, in the order of the captures that stand for them.
  private(set) var captureSources: [ValueID] = []
  private var captures: [ValueID: ValueID] = [:]
  private var numbers: [String: Int] = [:]

  init(name: String, enclosing: GraphTarget?) {
    graph = Graph(name: name)
    self.enclosing = enclosing
  }

  /// The value that stands here for a value of `origin`, which is this graph or one around it.
  func localized(_ id: ValueID, from origin: GraphTarget) throws(Diagnostic) -> ValueID {
    guard origin !== self, let enclosing else { return id }
    let outer = try enclosing.localized(id, from: origin)
    if let known = captures[outer] { return known }
    let value = enclosing.graph[outer]
    let capture = try graph.addCapture(unique(value.name, besideEnclosing: false), type: value.type)
    captures[outer] = capture
    captureSources.append(outer)
    return capture
  }

  /// `base`, or `base` with a number behind it, such that no value here or in a graph around is named so.
  func unique(_ base: String, besideEnclosing: Bool = true) -> String {
    guard isTaken(base, besideEnclosing) else { return base }
    while true {
      let number = numbers[base, default: 0] + 1
      numbers[base] = number
      let name = "\(base)_\(number)"
      if !isTaken(name, besideEnclosing) { return name }
    }
  }

  private func isTaken(_ name: String, _ besideEnclosing: Bool) -> Bool {
    if graph.value(named: name) != nil || reserved(name) { return true }
    return besideEnclosing ? enclosing?.isTaken(name, true) ?? false : false
  }
}
