import LatheDiagnostics
import LatheIR
import LatheTensors

/// A pass that may take inputs and outputs away, because it was asked to.
public protocol ChangesInterface: Pass {}

/// Holds a graph to the inputs and outputs it had before a pass: keeps their names and types, and nothing else of the graph.
struct InterfaceCheck {
  private let inputs: [(name: String, type: ValueType?)]
  private let outputs: [(name: String, type: ValueType?)]

  init(_ graph: Graph) {
    inputs = graph.inputs.map { (graph[$0].name, graph[$0].type) }
    outputs = graph.outputs.map { (graph[$0].name, graph[$0].type) }
  }

  /// - Throws: `passes/interface` where a name, an element type or an extent differs.
  func check(_ graph: Graph) throws(Diagnostic) {
    let now = InterfaceCheck(graph)
    try Self.compare("inputs", inputs, now.inputs)
    try Self.compare("outputs", outputs, now.outputs)
  }

  /// Whether the shapes can be the same: a number stays; what was open may become known.
  private static func agree(_ old: Shape?, _ new: Shape?) -> Bool {
    guard let old, let new else { return true }
    return old.count == new.count && zip(old, new).allSatisfy { $0.known == nil || $1 == .unknown || $0 == $1 }
  }

  private static func compare(
    _ what: String, _ old: [(name: String, type: ValueType?)], _ new: [(name: String, type: ValueType?)]
  ) throws(Diagnostic) {
    guard old.map(\.name) == new.map(\.name) else {
      throw .invalid(
        "passes/interface", "the graph has other \(what) than before",
        notes: ["before: \(old.map(\.name).joined(separator: ", "))", "after: \(new.map(\.name).joined(separator: ", "))"],
        fix: "keep the names and the order of the model's \(what)")
    }
    for (one, other) in zip(old, new) {
      guard let left = one.type?.tensor, let right = other.type?.tensor else { continue }
      guard left.dtype == right.dtype, Self.agree(left.shape, right.shape) else {
        throw .invalid("passes/interface", "%\(one.name) was \(left) and is \(right)", at: Location(value: one.name),
          fix: "keep the types of the model's \(what)")
      }
    }
  }
}
