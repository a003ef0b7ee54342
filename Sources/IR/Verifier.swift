import LatheDiagnostics
import LatheTensors

/// Checks what every graph must satisfy between passes.
///
/// The rules: operands exist and come before their readers; names, users and producers agree with each other; operators' schemas hold;
/// constants have their declared types; captures match the subgraphs' own.
public struct Verifier {
  public init() {}

  /// Verifies a graph and, in it, all subgraphs.
  ///
  /// - Throws: `verifier/…`, naming the node or value that breaks a rule.
  public func verify(_ graph: Graph) throws(Diagnostic) {
    var available = Set(graph.inputs + graph.captures + graph.constants)
    var uses: [ValueID: Int] = [:]
    for id in graph.order {
      for operand in graph[id].operands { uses[operand, default: 0] += 1 }
      do {
        try verify(id, graph, available)
      } catch {
        throw error.located(in: Location(node: graph.describe(id)))
      }
      available.formUnion(graph[id].outputs.compactMap { $0 })
    }
    try verifyValues(graph, uses)
    for output in graph.outputs where !available.contains(output) {
      throw Self.broken("output", "the output %\(graph.contains(output) ? graph[output].name : "?") is never produced")
    }
  }

  private func verify(_ id: NodeID, _ graph: Graph, _ available: Set<ValueID>) throws(Diagnostic) {
    let node = graph[id]
    for operand in node.operands {
      guard graph.contains(operand) else { throw Self.broken("operand", "an operand was removed from the graph") }
      guard available.contains(operand) else {
        throw Self.broken("order", "%\(graph[operand].name) is read before it is produced")
      }
    }
    for output in node.outputs.compactMap({ $0 }) where !graph.contains(output) || graph[output].producer != id {
      throw Self.broken("producer", "an output does not name this node as its producer")
    }
    if !(node.op is OpaqueOperator) {
      let schema = type(of: node.op).schema
      try schema.check(node.inputs.map { $0.flatMap { graph[$0].type } }, present: node.inputs.map { $0 != nil })
    }
    try verifySubgraphs(id, graph)
  }

  private func verifySubgraphs(_ id: NodeID, _ graph: Graph) throws(Diagnostic) {
    let subgraphs = graph.subgraphs(of: id)
    let expected = subgraphs.reduce(0) { $0 + $1.captures.count }
    guard graph[id].captures.count == expected else {
      throw Self.broken("captures", "the node captures \(graph[id].captures.count) values, its graphs \(expected)")
    }
    for subgraph in subgraphs { try verify(subgraph) }
  }

  private func verifyValues(_ graph: Graph, _ uses: [ValueID: Int]) throws(Diagnostic) {
    for id in graph.valueIDsInOrder {
      let value = graph[id]
      guard graph.value(named: value.name) == id else {
        throw Self.broken("name", "the name table does not lead to %\(value.name)")
      }
      if let constant = value.constant, let declared = value.type?.tensor {
        let actual = constant.shape
        guard declared.dtype == constant.dtype, declared.knownShape == actual else {
          throw Self.broken(
            "constant", "@\(value.name) is declared as \(declared), but holds \(constant.dtype)\(actual)")
        }
      }
      guard value.users.count == uses[id, default: 0] else {
        throw Self.broken(
          "users", "%\(value.name) lists \(value.users.count) readers, but \(uses[id, default: 0]) nodes read it")
      }
      for user in value.users where !graph.contains(user) {
        throw Self.broken("users", "%\(value.name) is read by a node that was removed")
      }
    }
  }

  private static func broken(_ rule: String, _ message: String) -> Diagnostic {
    Diagnostic("verifier/\(rule)", .internalFault, message)
  }
}
