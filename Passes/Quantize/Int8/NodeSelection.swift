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

  /// - Throws: `quantize/scope` for an expression that is none.
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
        throw Diagnostic("quantize/scope", .usage, "\(text.dropFirst(4)) is no regular expression", fix: "mend it, or leave {re} out")
      }
      rules.append(.expression(expression, text: text))
    }
    return rules
  }

  /// Whether a node is to be ignored.
  func ignores(_ id: NodeID, in graph: Graph) -> Bool { ignored.contains { Self.matches($0, id, graph) } }

  /// Why a node is left out, or nil if it is in.
  func refusal(of id: NodeID, in graph: Graph) -> String? {
    if ignores(id, in: graph) { return "it is to be ignored" }
    if !only.isEmpty, !only.contains(where: { Self.matches($0, id, graph) }) { return "it is not among those that are to be quantized" }
    return nil
  }

  /// Tells of names and expressions that no node of a graph has.
  func noteUnmatched(in graph: Graph, to outcome: inout PassOutcome) {
    for rule in ignored + only where !graph.order.contains(where: { Self.matches(rule, $0, graph) }) {
      outcome.notes.append("\(rule.text) names no node")
    }
  }

  private static func matches(_ rule: Rule, _ id: NodeID, _ graph: Graph) -> Bool {
    let node = graph[id]
    let names = [node.name, node.op.name.description, node.op.name.name, node.outputs.compactMap { $0 }.first.map { graph[$0].name } ?? ""]
      + sources(node.provenance)
    return switch rule {
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
