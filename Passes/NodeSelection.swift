import LatheDiagnostics
import LatheIR
import LathePassKit

/// Nodes by name or operator; `{re}` begins a regular expression that a name must match somewhere.
struct NodeSelection {
  private enum Rule {
    case name(String)
    case expression(Regex<AnyRegexOutput>, text: String)

    /// As it was given.
    var text: String {
      switch self {
      case .name(let name): name
      case .expression(_, let text): text
      }
    }
  }

  private let ignored: [Rule]
  private let only: [Rule]

  /// - Throws: `passes/scope` for an expression that is none.
  init(ignore: [String], only: [String]) throws(Diagnostic) {
    ignored = try Self.rules(ignore)
    self.only = try Self.rules(only)
  }

  private static func rules(_ texts: [String]) throws(Diagnostic) -> [Rule] {
    var rules: [Rule] = []
    for text in texts {
      guard text.hasPrefix("{re}") else {
        rules.append(.name(text))
        continue
      }
      guard let expression = try? Regex(String(text.dropFirst(4))) else {
        throw Diagnostic("passes/scope", .usage, "\(text.dropFirst(4)) is no regular expression", fix: "mend it, or leave {re} out")
      }
      rules.append(.expression(expression, text: text))
    }
    return rules
  }

  /// Whether a node is to be ignored.
  func ignores(_ id: NodeID, in graph: Graph) -> Bool { ignored.contains { Self.matches($0, id, graph) } }

  /// Whether a constant is to be ignored, by its own name or by that of a node that reads it.
  func ignores(constant value: ValueID, in graph: Graph) -> Bool {
    ignored.contains { Self.matches($0, [graph[value].name]) } || graph[value].users.contains { ignores($0, in: graph) }
  }

  /// Why a node is left out, or nil if it is in.
  func refusal(of id: NodeID, in graph: Graph) -> String? {
    if ignores(id, in: graph) { return "it is to be ignored" }
    if !only.isEmpty, !only.contains(where: { Self.matches($0, id, graph) }) { return "it is not among those that the option only names" }
    return nil
  }

  /// Why a constant is left out that these nodes read, or nil if it is in: by its own name or by that of any of them.
  func refusal(of nodes: [NodeID], reading value: ValueID, in graph: Graph) -> String? {
    let name = [graph[value].name]
    if ignored.contains(where: { Self.matches($0, name) }) { return "it is to be ignored" }
    if let reader = nodes.first(where: { ignores($0, in: graph) }) { return "\(graph.describe(reader)) is to be ignored" }
    if only.isEmpty || only.contains(where: { Self.matches($0, name) }) { return nil }
    return nodes.compactMap { refusal(of: $0, in: graph) }.first
  }

  /// Tells of names and expressions that no node of a graph has, and none of the constants that may be named.
  func noteUnmatched(in graph: Graph, operands: [ValueID] = [], to outcome: inout PassOutcome) {
    let names = operands.map { graph[$0].name }
    for rule in ignored + only where !graph.order.contains(where: { Self.matches(rule, $0, graph) }) && !Self.matches(rule, names) {
      outcome.notes.append(operands.isEmpty ? "\(rule.text) names no node" : "\(rule.text) names no node and no table")
    }
  }

  private static func matches(_ rule: Rule, _ id: NodeID, _ graph: Graph) -> Bool {
    let node = graph[id]
    let names = [node.name, node.op.name.description, node.op.name.name, node.outputs.compactMap { $0 }.first.map { graph[$0].name } ?? ""]
    return matches(rule, names + sources(node.provenance))
  }

  private static func matches(_ rule: Rule, _ names: [String]) -> Bool {
    switch rule {
    case .name(let name): names.contains(name)
    case .expression(let expression, _): names.contains { $0.contains(expression) }
    }
  }

  private static func sources(_ provenance: Provenance) -> [String] {
    switch provenance {
    case .source(let name): [name]
    case .pass(_, let from): from
    }
  }
}
