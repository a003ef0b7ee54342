import LatheDiagnostics
import LatheIR
import LatheTensors

/// Drives rewrite rules over a graph with one worklist until none applies.
///
/// Rules are found by the operator at their root; where several match, the first in the list wins. After a rewrite, the new nodes and
/// the readers of the replaced values are tried again. Ends: each attempt and the number of rewrites are bounded.
public struct RewriteEngine {
  private let rules: [RewriteRule]
  private var byRoot: [ObjectIdentifier: [Int]] = [:]

  public init(_ rules: [RewriteRule]) {
    self.rules = rules
    for (index, rule) in rules.enumerated() {
      for root in rule.roots { byRoot[ObjectIdentifier(root), default: []].append(index) }
    }
  }

  /// Rewrites what can be rewritten.
  ///
  /// - Returns: a line for each rewrite, and for each root that a rule looked at in the end without one.
  /// - Throws: what a rewrite throws; `passes/rewrite-limit` if rules undo each other's work, `passes/rule-root` if a pattern has no
  ///   operator at its root.
  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    if let rootless = rules.first(where: \.roots.isEmpty) {
      throw Diagnostic("passes/rule-root", .internalFault, "the root of the pattern of \"\(rootless.name)\" is no operator")
    }
    var outcome = PassOutcome()
    var worklist = Worklist(graph.order)
    var verdicts: [NodeID: PassOutcome.Verdict] = [:]
    var rewritesLeft = 1000 + 20 * graph.order.count
    while let id = worklist.next() {
      guard graph.contains(id) else { continue }
      let description = graph.describe(id)
      switch try attempt(id, &graph, context) {
      case .nothing: continue
      case .refused(let verdict): verdicts[id] = verdict
      case .rewritten(let touched):
        outcome.record(description, .done)
        rewritesLeft -= 1
        guard rewritesLeft > 0 else {
          throw Diagnostic(
            "passes/rewrite-limit", .internalFault, "the rules do not come to an end; the last rewrite was of \(description)",
            fix: "two rules undo each other: compare their patterns")
        }
        for node in touched { worklist.add(node) }
        if context.verifiesEveryRewrite { try Verifier().verify(graph) }
      }
    }
    for id in graph.order {
      guard let verdict = verdicts[id] else { continue }
      outcome.record(graph.describe(id), verdict)
    }
    return outcome
  }

  /// The nearest partial matches, those of the most operators first: which rule, where, how far it came, and what stood in the way.
  ///
  /// Where only roots match, which says little, all of them are told.
  public func explain(_ graph: Graph) -> [String] {
    var findings: [(matched: Int, size: Int, text: String)] = []
    for id in graph.order {
      for index in byRoot[ObjectIdentifier(type(of: graph[id].op))] ?? [] {
        let rule = rules[index]
        let size = rule.pattern.size
        let matcher = Matcher(graph, explains: true)
        if let match = matcher.match(rule.pattern, at: id) {
          guard let reason = (try? refusal(of: match, by: rule, graph)) ?? nil else { continue }
          findings.append((size, size, "\(rule.name) at \(graph.describe(id)): matches, but \(reason)"))
        } else if let obstacle = matcher.obstacle {
          let text = "\(rule.name) at \(graph.describe(id)): \(obstacle.matched) of \(size) operators match; \(obstacle.reason)"
          findings.append((obstacle.matched, size, text))
        }
      }
    }
    let near = findings.filter { $0.matched > 1 }
    return (near.isEmpty ? findings : near).sorted { ($1.matched, $0.size) < ($0.matched, $1.size) }.map(\.text)
  }

  private enum Attempt {
    case nothing
    case refused(PassOutcome.Verdict)
    case rewritten(touched: [NodeID])
  }

  private func attempt(_ id: NodeID, _ graph: inout Graph, _ context: PassContext) throws(Diagnostic) -> Attempt {
    guard let candidates = byRoot[ObjectIdentifier(type(of: graph[id].op))] else { return .nothing }
    var verdict = PassOutcome.Verdict.notApplicable
    for index in candidates {
      let rule = rules[index]
      guard let match = Self.match(rule, at: id, graph) else { continue }
      if let reason = try refusal(of: match, by: rule, graph) {
        verdict = .declined(reason)
        continue
      }
      let site = RewriteSite(match: match, context: context)
      let replacements = try rule.rewrite(match, site, &graph)
      let substitution = Substitution(match: match, replacements: replacements)
      if let reason = substitution.obstacle(in: graph) {
        verdict = .declined(reason)
        context.removeUnread(Set(replacements.compactMap { $0.flatMap { graph[$0].producer } }), in: &graph)
        continue
      }
      let touched = try substitution.apply(to: &graph)
      return .rewritten(touched: touched)
    }
    return .refused(verdict)
  }

  /// Apart, so that the matcher's copy of the graph is gone before a rewrite changes it.
  private static func match(_ rule: RewriteRule, at id: NodeID, _ graph: Graph) -> Match? {
    Matcher(graph).match(rule.pattern, at: id)
  }

  private func refusal(of match: Match, by rule: RewriteRule, _ graph: Graph) throws(Diagnostic) -> String? {
    if !rule.sharesOperands, let reason = sharing(match, graph) { return reason }
    return try rule.check(match, graph)
  }

  /// Why inner nodes of the match cannot go with its root.
  private func sharing(_ match: Match, _ graph: Graph) -> String? {
    let members = Set(match.nodes)
    for id in match.nodes.dropFirst() {
      for output in graph[id].outputs.compactMap({ $0 }) {
        if graph.isOutput(output) { return "%\(graph[output].name) inside it is an output of the graph" }
        guard let other = graph[output].users.first(where: { !members.contains($0) }) else { continue }
        return "%\(graph[output].name) inside it is also read by \(graph.describe(other))"
      }
    }
    return nil
  }
}

/// Nodes to visit, each once at a time, in the order they were added.
private struct Worklist {
  private var queue: [NodeID]
  private var waiting: Set<NodeID>
  private var head = 0

  init(_ nodes: [NodeID]) {
    queue = nodes
    waiting = Set(nodes)
  }

  mutating func add(_ id: NodeID) {
    guard waiting.insert(id).inserted else { return }
    queue.append(id)
  }

  mutating func next() -> NodeID? {
    guard head < queue.count else { return nil }
    defer { head += 1 }
    waiting.remove(queue[head])
    return queue[head]
  }
}
