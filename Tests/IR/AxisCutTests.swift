import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct AxisCutTests {
  private func seededInputs(_ graph: Graph) throws -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for (position, id) in graph.inputs.enumerated() {
      let type = try #require(graph[id].type?.tensor)
      let shape = (type.shape ?? []).map { $0.known ?? 3 }
      inputs[graph[id].name] = try Tensor.seeded(type.dtype, shape, seed: UInt64(position + 50), in: type.dtype.isFloat ? -2...2 : 0...4)
    }
    return inputs
  }

  /// Cuts, and holds the outputs against those of the whole graph with zeros in place of what went.
  @discardableResult
  private func prove(_ graph: Graph, _ cuts: [AxisCut], of classes: AxisClasses) throws -> Graph {
    var cut = graph
    try cut.cut(cuts, of: classes)
    try Verifier().verify(cut)
    let inputs = try seededInputs(graph)
    let whole = try Interpreter(try AxisCutProof(cuts, of: classes).silencing(graph)).run(inputs)
    for (one, other) in zip(whole, try Interpreter(cut).run(inputs)) {
      #expect(other.difference(from: one, Tolerance(absolute: 1e-6)) == nil)
    }
    return cut
  }

  private func shape(_ name: String, _ graph: Graph) throws -> [Int] {
    try #require(graph.value(named: name).flatMap { graph.constant($0) }).shape
  }

  @Test func neuronsGo() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.perceptron)
    let classes = AxisClasses(graph)
    let cut = try prove(graph, [AxisCut(try classes.of("w1", 1, in: graph).id, keeping: [0, 3, 4, 7])], of: classes)
    #expect(try shape("w1", cut) == [6, 4])
    #expect(try shape("b1", cut) == [4])
    #expect(try shape("w2", cut) == [4, 5])
    #expect(cut.value(named: "a").flatMap { cut[$0].type }?.description == "f32[batch, 4]")
  }

  @Test func headsGoAndOtherLayersKeepTheirConstants() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.attention)
    let classes = AxisClasses(graph)
    let cut = try prove(graph, [AxisCut(try classes.of("q", 1, in: graph).id, keeping: [1, 3])], of: classes)
    #expect(try shape("w", cut) == [24, 36])
    #expect(try shape("b", cut) == [36])
    #expect(try shape("o", cut) == [12, 24])
    #expect(cut.value(named: "heads").flatMap { cut.constant($0)?.integers() } == [0, 0, 2, 6])
    #expect(cut.value(named: "joined").flatMap { cut.constant($0)?.integers() } == [0, 0, 12])
  }

  @Test func sizesOfHeadsGoFromQueriesAndKeysOnly() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.attention)
    let classes = AxisClasses(graph)
    let cuts = [
      AxisCut(try classes.of("q", 3, in: graph).id, keeping: [0, 1, 2, 5]), AxisCut(try classes.of("v", 3, in: graph).id, keeping: [2, 4, 5]),
    ]
    let cut = try prove(graph, cuts, of: classes)
    #expect(try shape("w", cut) == [24, 2 * 16 + 12])
    // The reshapes of Q and K want 4 × 4, that of V 4 × 3: what was one constant is two.
    let targets = try ["q1", "v1"].map { name in
      let node = try #require(cut.value(named: name).flatMap { cut.producer(of: $0) })
      return try #require(cut.constant(node.inputs[1])?.integers())
    }
    #expect(targets == [[0, 0, 4, 4], [0, 0, 4, 3]])
  }

  @Test func severalClassesGoAtOnceOrOneAfterAnother() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.attention)
    let classes = AxisClasses(graph)
    let (heads, sizes) = (try classes.of("q", 1, in: graph), try classes.of("v", 3, in: graph))
    let once = try prove(graph, [AxisCut(heads.id, keeping: [0, 2]), AxisCut(sizes.id, keeping: [1, 2])], of: classes)
    var twice = graph
    try twice.cut([AxisCut(heads.id, keeping: [0, 2])], of: classes)
    let again = AxisClasses(twice)
    try twice.cut([AxisCut(try again.of("v", 3, in: twice).id, keeping: [1, 2])], of: again)
    let inputs = try seededInputs(graph)
    #expect(try Interpreter(once).run(inputs) == Interpreter(twice).run(inputs))
  }

  @Test func channelsGo() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.convolutions)
    let classes = AxisClasses(graph)
    let stem = classes.slices(of: try #require(graph.value(named: "stem")))[0].map(\.axisClass)
    let branch = try classes.of("left", 0, in: graph)
    let cut = try prove(graph, [AxisCut(stem[0], keeping: [0, 2, 3]), AxisCut(branch.id, keeping: [1, 4])], of: classes)
    #expect(try shape("stem", cut) == [6, 3, 3, 3])
    #expect(try shape("grouped", cut) == [9, 2, 1, 1])
    #expect(try shape("fc", cut) == [6, 2])
    try prove(graph, [AxisCut(stem[1], keeping: [1])], of: classes)
  }

  @Test func unitsGo() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.recurrent)
    let classes = AxisClasses(graph)
    let cut = try prove(graph, [AxisCut(try classes.of("r", 2, in: graph).id, keeping: [0, 1, 3])], of: classes)
    #expect(try shape("w", cut) == [2, 12, 4])
    #expect(try shape("r", cut) == [2, 12, 3])
    #expect(try shape("b", cut) == [2, 24])
    #expect(try shape("fc", cut) == [6, 3])
  }

  @Test func rowsGoWhereTheCallerAnswersForThem() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.tied)
    let classes = AxisClasses(graph)
    let words = try classes.of("words", 0, in: graph)
    var cut = graph
    let refusal = try #require(throws: Diagnostic.self) { try cut.cut([AxisCut(words.id, keeping: Array(0..<5))], of: classes) }
    #expect(refusal.id == "axes/refused" && refusal.message.contains("%ids picks from it") && refusal.notes.count == 1)
    #expect(cut == graph)
    try cut.cut([AxisCut(words.id, keeping: Array(0..<5), allowing: words.obstacles)], of: classes)
    let inputs = try seededInputs(graph)
    let (whole, part) = (try Interpreter(graph).run(inputs)[0], try Interpreter(cut).run(inputs)[0])
    #expect(try part == whole.keeping(Array(0..<5), along: 2))
    #expect(cut.outputs.first.flatMap { cut[$0].type }?.description == "f32[batch, seq, 5]")
  }

  @Test func constantRowsAreCountedAnew() throws {
    let graph = try AxisGraphs.parsed(
      """
      graph (%x: f32[2, 3]) -> (%y, %z) {
        @table: f32[6, 3] = seeded(1)
        @other: f32[6, 3] = seeded(2)
        @rows: i32[2] = [4, -5]
        %e = Gather(@table, @rows)
        %y = Add(%e, %x)
        %z = Gather(@other, @rows)
      }
      """)
    let classes = AxisClasses(graph)
    let rows = try classes.of("table", 0, in: graph)
    #expect(rows.mayBeCut)
    var cut = graph
    try cut.cut([AxisCut(rows.id, keeping: [1, 3, 4])], of: classes)
    let inputs = try seededInputs(graph)
    #expect(try Interpreter(cut).run(inputs) == Interpreter(graph).run(inputs))
    let error = try #require(throws: Diagnostic.self) { try cut.cut([AxisCut(rows.id, keeping: [0, 4])], of: classes) }
    #expect(error.id == "axes/stale")
    var again = graph
    let missing = try #require(throws: Diagnostic.self) { try again.cut([AxisCut(rows.id, keeping: [0, 4])], of: classes) }
    #expect(missing.id == "axes/row-in-use" && missing.location.node?.contains("Gather") == true)
    #expect(again == graph)
  }

  @Test(arguments: [[], [1, 0], [0, 0], [8], [-1, 2]]) func indicesThatCannotStayAreRefused(_ kept: [Int]) throws {
    var graph = try AxisGraphs.parsed(AxisGraphs.perceptron)
    let classes = AxisClasses(graph)
    let id = try classes.of("w1", 1, in: graph).id
    let error = try #require(throws: Diagnostic.self) { try graph.cut([AxisCut(id, keeping: kept)], of: classes) }
    #expect(error.id == "axes/kept")
  }

  /// What a Reshape is told by other values cannot follow, and then nothing changes.
  @Test func nodesThatCannotFollowAreNamed() throws {
    let graph = try AxisGraphs.parsed(
      """
      graph (%x: f32[batch, 4], %split: i64[3]) -> (%y) {
        @w: f32[4, 12] = seeded(1)
        @o: f32[12, 2] = seeded(2)
        @back: i64[2] = [0, 12]
        %h = MatMul(%x, @w)
        %p = Reshape(%h, %split) : f32[batch, 3, 4]
        %r = Reshape(%p, @back)
        %y = MatMul(%r, @o)
      }
      """)
    let classes = AxisClasses(graph)
    var cut = graph
    let thirds = try classes.of("p", 1, in: graph)
    #expect(thirds.mayBeCut)
    let error = try #require(throws: Diagnostic.self) { try cut.cut([AxisCut(thirds.id, keeping: [0, 2])], of: classes) }
    #expect(error.id == "axes/adaptation" && error.location.node?.contains("%p") == true)
    #expect(cut == graph)
  }

  @Test func packedWeightsAreSliced() throws {
    let graph = try AxisGraphs.parsed(
      """
      graph (%x: f32[batch, 4]) -> (%y) {
        @codes: i4[4, 3] = [1, -2, 3, -4, 5, -6, 7, 0, 1, 2, -3, 4]
        @scale: f32[3] = [0.5, 0.25, 2.0]
        @o: f32[3, 2] = seeded(1)
        %w = DequantizeLinear(@codes, @scale) {axis = 1}
        %h = MatMul(%x, %w)
        %y = MatMul(%h, @o)
      }
      """)
    let classes = AxisClasses(graph)
    let cut = try prove(graph, [AxisCut(try classes.of("scale", 0, in: graph).id, keeping: [0, 2])], of: classes)
    #expect(cut.value(named: "codes").flatMap { cut.constant($0)?.integers() } == [1, 3, -4, -6, 7, 1, 2, 4])
  }
}
