import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Puts the nodes of a branch in the place of an If whose condition is constant.
///
/// ```
/// %y = If(@true) {             →    %y = Add(%x, @one)
///   then_branch = { %t = Add(%x, @one) … }, else_branch = { … }
/// }
/// ```
/// Conditions that only inference knows are for `simplify/fold-shapes` before.
public struct InlineBranches: Pass {
  public static let id: PassID = "simplify/inline-branches"
  public static let summary = "puts the branch that is taken in the place of an If"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var loose: [NodeID] = []
    var waiting = Array(graph.order.reversed())
    while let id = waiting.popLast() {
      guard let op = graph[id].op as? If else { continue }
      let description = graph.describe(id)
      guard let condition = graph.constant(graph[id].inputs.first ?? nil)?.codes, condition.count == 1 else {
        outcome.record(description, .declined("its condition is not constant"))
        continue
      }
      let isThen = condition[0] != 0
      let start = isThen ? 0 : op.thenBranch.captures.count
      let branch = isThen ? op.thenBranch : op.elseBranch
      var copy = BranchCopy(branch, captures: Array(graph[id].captures[start...]), before: id)
      let results = try copy.insert(into: &graph, context)
      if let reason = try hand(results, to: id, &graph, context) {
        context.removeUnread(copy.nodes, in: &graph)
        outcome.record(description, .declined(reason))
        continue
      }
      loose.append(id)
      waiting += copy.nodes.reversed()
      outcome.record(description, .done)
    }
    context.removeUnread(loose, in: &graph)
    return outcome
  }

  private func hand(
    _ results: [ValueID], to id: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> String? {
    let pairs = zip(graph[id].outputs, results).compactMap { old, new in old.map { ($0, new) } }
    for (old, new) in pairs where graph.isOutput(old) && graph[new].producer == nil {
      return "its output %\(graph[old].name) would be a value that no other node produces"
    }
    guard Set(pairs.map(\.1)).count == pairs.count else { return "two of its outputs are one value" }
    for (old, new) in pairs {
      if let reason = try context.substitute(new, for: old, in: &graph) { return reason }
    }
    return nil
  }
}

/// The nodes and constants of a branch, put into the graph around it.
private struct BranchCopy {
  private let branch: Graph
  private let successor: NodeID
  private var values: [ValueID: ValueID] = [:]
  private(set) var nodes: [NodeID] = []

  init(_ branch: Graph, captures: [ValueID], before successor: NodeID) {
    self.branch = branch
    self.successor = successor
    for (inner, outer) in zip(branch.captures, captures) { values[inner] = outer }
  }

  /// - Returns: the branch's outputs.
  mutating func insert(into graph: inout Graph, _ context: PassContext) throws(Diagnostic) -> [ValueID] {
    for id in branch.constants {
      guard let tensor = branch[id].constant else { continue }
      values[id] = try graph.addConstant(graph.uniqueName(branch[id].name), tensor)
    }
    let provenance = Provenance.pass(context.pass.rawValue, from: [graph.describe(successor)])
    for id in branch.order {
      let node = branch[id]
      let outputs = node.outputs.map { $0.map { graph.uniqueName(branch[$0].name) } }
      let copy = try graph.addNode(
        node.op, inputs: node.inputs.map { $0.flatMap { values[$0] } }, captures: node.captures.compactMap { values[$0] },
        outputs: outputs, name: node.name, provenance: provenance, before: successor)
      for (inner, outer) in zip(node.outputs, graph[copy].outputs) {
        guard let inner, let outer else { continue }
        values[inner] = outer
        graph.setType(branch[inner].type, of: outer)
      }
      nodes.append(copy)
    }
    return branch.outputs.compactMap { values[$0] }
  }
}
