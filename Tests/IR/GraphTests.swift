import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import Testing

@Suite struct GraphTests {
  func graph(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  @Test func editsKeepUsersAndNames() throws {
    var graph = try graph("graph (%x: f32[2]) -> (%c) { %a = Add(%x, %x)  %b = Softmax(%a)  %c = Add(%a, %b) }")
    let a = try #require(graph.value(named: "a"))
    let b = try #require(graph.value(named: "b"))
    #expect(graph[a].users.count == 2)
    graph.replaceAllUses(of: b, with: a)
    #expect(graph[a].users.count == 3)
    graph.removeNode(try #require(graph[b].producer))
    #expect(graph.value(named: "b") == nil)
    #expect(graph.order.count == 2)
    try graph.rename(a, to: "b")
    #expect(throws: Diagnostic.self) { try graph.rename(a, to: "c") }
    try Verifier().verify(graph)
  }

  @Test func duplicateNamesAreRefused() throws {
    var graph = Graph()
    _ = try graph.addInput("x", type: nil)
    #expect(throws: Diagnostic.self) { try graph.addConstant("x", Tensor.scalar(1 as Float)) }
    #expect(graph.uniqueName("x") == "x_1")
  }

  @Test func sortingFindsOrderAndCycles() throws {
    var graph = try graph("graph (%x: f32[2]) -> (%b) { %a = Softmax(%x)  %b = Softmax(%a) }")
    let a = try #require(graph.value(named: "a").flatMap { graph[$0].producer })
    let b = try #require(graph.value(named: "b"))
    graph.setInput(0, of: a, to: b)
    let error = try #require(throws: Diagnostic.self) { try graph.sortTopologically() }
    #expect(error.id == "ir/cycle")
    #expect(throws: Diagnostic.self) { try Verifier().verify(graph) }
  }

  @Test func valueSemanticsHold() throws {
    let original = try graph("graph (%x: f32[2]) -> (%a) { %a = Softmax(%x) }")
    var copy = original
    copy.setOutputs([try #require(copy.value(named: "x"))])
    copy.removeNode(copy.order[0])
    #expect(original.order.count == 1)
    #expect(original != copy)
  }

  @Test func inferenceFollowsShapeArithmetic() throws {
    let graph = try graph(
      """
      graph (%x: f32[batch, seq, 12]) -> (%y) {
        @zero: i64[] = [0]
        @one: i64[] = [1]
        @axis: i64[1] = [0]
        @tail: i64[2] = [3, 4]
        %shape = Shape(%x)
        %b = Gather(%shape, @zero) {axis = 0}
        %s = Gather(%shape, @one) {axis = 0}
        %b1 = Unsqueeze(%b, @axis)
        %s1 = Unsqueeze(%s, @axis)
        %target = Concat(%b1, %s1, @tail) {axis = 0}
        %y = Reshape(%x, %target)
      }
      """)
    #expect(graph.value(named: "y").flatMap { graph[$0].type }?.description == "f32[batch, seq, 3, 4]")
  }

  @Test func contradictionsNameTheNode() throws {
    let error = try #require(throws: Diagnostic.self) {
      try graph("graph (%x: f32[2], %y: f32[3]) -> (%z) { %z = Add(%x, %y) as \"the sum\" }")
    }
    #expect(error.location.node?.contains("the sum") == true)
    let types = try #require(throws: Diagnostic.self) {
      try graph("graph (%x: f32[2], %y: i64[2]) -> (%z) { %z = Add(%x, %y) }")
    }
    #expect(types.id == "operator/dtype")
  }

  @Test func fingerprintsAreWrittenWithAllDigitsAndReadWithFewer() throws {
    let graphs = try (0..<200).map { number in try graph("graph (%x\(number): f32[2]) -> (%y) { %y = Relu(%x\(number)) }") }
    #expect(graphs.map(\.fingerprintText.count).min() == 16 && graphs.map(\.fingerprintText.count).max() == 16)
    let short = try #require(graphs.first { $0.fingerprint < 1 << 60 }, "one of sixteen begins with 0")
    #expect(short.hasFingerprint(String(short.fingerprint, radix: 16)) && short.hasFingerprint(short.fingerprintText))
    #expect(!short.hasFingerprint(graphs[0].fingerprintText) || graphs[0].fingerprint == short.fingerprint)
    #expect(!short.hasFingerprint("") && !short.hasFingerprint("none"))
  }
}
