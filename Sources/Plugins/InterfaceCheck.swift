import LatheDiagnostics
import LatheIR
import LatheTensors

/// Holds a graph that came back from a program to the inputs and outputs it had.
struct InterfaceCheck {
  let before: Graph
  let after: Graph

  /// - Throws: `plugins/interface` where a name, an element type or the number of axes differs.
  func run() throws(Diagnostic) {
    try compare("inputs", before.inputs.map { before[$0] }, after.inputs.map { after[$0] })
    try compare("outputs", before.outputs.map { before[$0] }, after.outputs.map { after[$0] })
  }

  private func compare(_ what: String, _ old: [Value], _ new: [Value]) throws(Diagnostic) {
    guard old.map(\.name) == new.map(\.name) else {
      throw .invalid(
        "plugins/interface", "the graph has other \(what) than before",
        notes: ["before: \(old.map(\.name).joined(separator: ", "))", "after: \(new.map(\.name).joined(separator: ", "))"],
        fix: "keep the names and the order of the model's \(what)")
    }
    for (one, other) in zip(old, new) {
      guard let left = one.type?.tensor, let right = other.type?.tensor else { continue }
      let sameRank = left.shape == nil || right.shape == nil || left.shape?.count == right.shape?.count
      guard left.dtype == right.dtype, sameRank else {
        throw .invalid("plugins/interface", "\(one.name) was \(left) and is \(right)", at: Location(value: one.name))
      }
    }
  }
}
