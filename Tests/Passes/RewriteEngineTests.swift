import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import Testing

@Suite struct RewriteEngineTests {
  private func graph(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  private func context(_ id: PassID = "test/rules") -> PassContext {
    PassContext(pass: id, limits: ResourceLimits(), verifiesEveryRewrite: true)
  }

  @Test func rulesThatUndoEachOtherEnd() throws {
    var graph = try graph("graph (%x: f32[n]) -> (%y) {\n  %y = Sin(%x)\n}")
    let there = RewriteRule("there", pattern: .op(Sin.self, "x")) { (match, site, graph) throws(Diagnostic) in
      [try site.add(Cos(), [try match.value("x")], to: &graph)]
    }
    let back = RewriteRule("back", pattern: .op(Cos.self, "x")) { (match, site, graph) throws(Diagnostic) in
      [try site.add(Sin(), [try match.value("x")], to: &graph)]
    }
    let fault = try #require(throws: Diagnostic.self) { try RewriteEngine([there, back]).run(on: &graph, in: context()) }
    #expect(fault.id == "passes/rewrite-limit")
  }

  @Test func rewriteOfAnotherTypeIsRefused() throws {
    var graph = try graph("graph (%x: f32[n]) -> (%y) {\n  %y = Sin(%x)\n}")
    let rule = RewriteRule("cast", pattern: .op(Sin.self, "x")) { (match, site, graph) throws(Diagnostic) in
      [try site.add(Cast(to: .float64), [try match.value("x")], to: &graph)]
    }
    let fault = try #require(throws: Diagnostic.self) { try RewriteEngine([rule]).run(on: &graph, in: context()) }
    #expect(fault.id == "passes/outputs")
  }

  @Test func replacementKeepsNameAndProvenance() throws {
    var graph = try graph("graph (%x: f32[n]) -> (%y) {\n  %s = Sigmoid(%x)\n  %y = Mul(%x, %s)\n}")
    let outcome = try Activation(options: NoOptions()).run(on: &graph, in: context("fuse/activation"))
    #expect(outcome.doneCount == 1)
    let node = try #require(graph.order.first)
    let output = try #require(graph[node].outputs.first ?? nil)
    #expect(graph[output].name == "y")
    guard case .pass(let id, let sources) = graph[node].provenance else {
      Issue.record("the new node does not say which pass made it")
      return
    }
    #expect(id == "fuse/activation" && sources.count == 2)
  }

  @Test func nearestMatchIsExplained() throws {
    let graph = try graph(
      """
      graph (%x: f32[n]) -> (%y) {
        @root: f32[] = [1.5]
        @one: f32[] = [1.0]
        @half: f32[] = [0.5]
        %a = Div(%x, @root)
        %b = Erf(%a)
        %c = Add(%b, @one)
        %d = Mul(%x, %c)
        %y = Mul(%d, @half)
      }
      """)
    let lines = Activation(options: NoOptions()).explain(graph)
    #expect(lines.first?.contains("5 of 5 operators match") == true && lines.first?.contains("@root is not 1.41") == true, "\(lines)")
  }

  @Test func attentionTellsWhereItStopped() throws {
    let graph = try graph("graph (%x: f32[b, h, s, s]) -> (%y) {\n  %y = Softmax(%x)\n}")
    let lines = LathePasses.Attention(options: NoOptions()).explain(graph)
    #expect(lines.first?.contains("not from a product of queries and keys") == true, "\(lines)")
  }

  /// Twenty sums of two operands each can be matched in 2^20 ways; an attempt must give up long before.
  @Test func ambiguousPatternGivesUp() throws {
    var text = "graph (%x: f32[n], %z: f32[n]) -> (%v20) {\n  %v0 = Sin(%x)\n"
    for index in 1...20 { text += "  %v\(index) = Add(%v\(index - 1), %v\(index - 1))\n" }
    var graph = try graph(text + "}")
    var pattern = Pattern.op(Cos.self, "w")
    for _ in 1...20 { pattern = .op(Add.self, pattern, pattern) }
    let rule = RewriteRule("never", pattern: pattern) { (_, _, _) throws(Diagnostic) in [] }
    let outcome = try RewriteEngine([rule]).run(on: &graph, in: context())
    #expect(outcome.doneCount == 0)
  }
}
