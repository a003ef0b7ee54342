import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct AxisClassesTests {
  @Test func neuronsAreOneClass() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.perceptron)
    let classes = AxisClasses(graph)
    let neurons = try classes.of("w1", 1, in: graph)
    #expect(neurons.extent == 8 && neurons.mayBeCut)
    #expect(neurons.weights(in: graph) == ["w1.1", "b1.0", "w2.0"])
    let product = try #require(graph.value(named: "m").flatMap { graph[$0].producer })
    #expect(neurons.uses == [.contracted(product, operand: 0), .contracted(product, operand: 1)])
    #expect(try classes.of("a", 1, in: graph).id == neurons.id)
    #expect(graph.reasons(against: try classes.of("x", 1, in: graph)) == ["it is an axis of the input x"])
    #expect(graph.reasons(against: try classes.of("b2", 0, in: graph)) == ["it is an axis of the output y"])
    #expect(!(try classes.of("x", 0, in: graph)).mayBeCut)
  }

  @Test func headsOfAFusedWeightAreSegmentsOfProducts() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.attention)
    let classes = AxisClasses(graph)
    let heads = try classes.of("q", 1, in: graph)
    #expect(heads.extent == 4 && heads.mayBeCut)
    #expect(heads.weights(in: graph) == ["w.1", "w.1", "w.1", "b.0", "b.0", "b.0", "o.0"])
    let columns = try #require(graph.value(named: "w"))
    let slices = heads.slices.filter { $0.value == columns }
    #expect(slices.map(\.offset) == [0, 24, 48] && slices.allSatisfy { $0.block == 6 && $0.repeats.isEmpty })
    #expect(slices[1].places(of: 2) == Array(36..<42))
    let size = try classes.of("q", 3, in: graph)
    #expect(size.mayBeCut && size.weights(in: graph) == ["w.1", "w.1", "b.0", "b.0"])
    #expect(size.slices.first { $0.value == columns }?.places(of: 1) == [1, 7, 13, 19])
    #expect(classes.slices(of: columns)[1].map(\.axisClass) == [heads.id, size.id, heads.id, size.id, heads.id, try classes.of("v", 3, in: graph).id])
    let hidden = try classes.of("g", 0, in: graph)
    #expect(hidden.weights(in: graph) == ["w.0", "o.1", "g.0"])
    #expect(
      graph.reasons(against: hidden) == [
        "it is an axis of the input x", "every index enters into all others in LayerNormalization → %y", "it is an axis of the output y",
      ])
  }

  @Test func packedAttentionSharesHeads() throws {
    let graph = try AxisGraphs.parsed(
      """
      graph (%x: f32[batch, seq, 12]) -> (%y) {
        @w: f32[12, 36] = seeded(1)
        @o: f32[12, 12] = seeded(2)
        %qkv = lathe::Linear(%x, @w)
        %a = lathe::FusedAttention(%qkv) {heads = 3, scale = 0.5}
        %y = lathe::Linear(%a, @o)
      }
      """)
    let parts = AxisClasses(graph).slices(of: try #require(graph.value(named: "w")))[1]
    #expect(parts.map(\.block) == [4, 1, 4, 1, 4, 1] && parts.map(\.offset) == [0, 0, 12, 12, 24, 24])
    let classes = AxisClasses(graph)
    #expect(classes[parts[0].axisClass].weights(in: graph) == ["w.1", "w.1", "w.1", "o.0"])
    #expect(classes[parts[0].axisClass].mayBeCut && !classes[parts[1].axisClass].mayBeCut)
  }

  @Test func tiedTablesAreOneClassAndOtherTablesAreNot() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.tied)
    let classes = AxisClasses(graph)
    let words = try classes.of("words", 0, in: graph)
    #expect(words.weights(in: graph) == ["words.0", "bias.0"])
    #expect(try classes.of("logits", 2, in: graph).id == words.id)
    #expect(try classes.of("types", 0, in: graph).id != words.id)
    let (ids, logits) = (try #require(graph.value(named: "ids")), try #require(graph.value(named: "logits")))
    #expect(words.obstacles == [.lookedUp(try #require(graph.order.first), operand: 0, by: ids), .output(logits)])
    #expect(try classes.of("words", 1, in: graph).weights(in: graph) == ["words.1", "types.1", "w.0", "w.1"])
  }

  @Test func channelsFollowGroupsAndBranches() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.convolutions)
    let classes = AxisClasses(graph)
    // Eight channels are four groups of two; the depthwise convolution keeps them apart.
    let groups = classes.slices(of: try #require(graph.value(named: "stem")))[0].map { classes[$0.axisClass] }
    #expect(groups.map(\.extent) == [4, 2])
    #expect(groups[0].weights(in: graph) == ["stem.0", "bias.0", "depth.0", "grouped.0", "left.1", "right.1"])
    #expect(groups[1].weights(in: graph) == ["stem.0", "bias.0", "depth.0", "grouped.1"])
    #expect(groups.allSatisfy { $0.mayBeCut })
    let branches = classes.slices(of: try #require(graph.value(named: "fc")))[0]
    #expect(branches.map(\.offset) == [0, 5])
    #expect(branches.map { classes[$0.axisClass].weights(in: graph) } == [["left.0", "fc.0"], ["right.0", "fc.0"]])
    #expect(graph.reasons(against: try classes.of("stem", 2, in: graph)) == ["every index enters into all others in Conv → %a"])
  }

  @Test func unitsOfAnLSTMAreRecurrent() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.recurrent)
    let classes = AxisClasses(graph)
    let units = try classes.of("r", 2, in: graph)
    #expect(units.mayBeCut && units.weights(in: graph).filter { $0 == "b.1" }.count == 8)
    let lstm = try #require(graph.value(named: "h").flatMap { graph[$0].producer })
    #expect(units.uses.first == .recurrent(lstm, operand: 2, axis: 2))
    let columns = try #require(units.slices.first { graph[$0.value].name == "fc" })
    #expect(columns.places(of: 1) == [1, 6])
  }

  @Test func unknownOperatorsAreNamed() throws {
    let graph = try AxisGraphs.parsed(
      """
      graph (%x: f32[batch, 4]) -> (%y) {
        @w: f32[4, 6] = seeded(1)
        %h = MatMul(%x, @w)
        %y = NonZero(%h)
      }
      """)
    let columns = try AxisClasses(graph).of("w", 1, in: graph)
    #expect(graph.reasons(against: columns) == ["NonZero → %y does not tell what it has to do with its operands and results"])
  }

  @Test func partsThatDoNotFitAreLeftWhole() throws {
    let graph = try AxisGraphs.parsed(
      """
      graph (%x: f32[batch, 4]) -> (%y, %z) {
        @w: f32[4, 12] = seeded(1)
        @pieces: i64[2] = [5, 7]
        @parts: i64[3] = [0, 3, 4]
        %h = MatMul(%x, @w)
        %y = Reshape(%h, @parts)
        %l, %r = Split(%h, @pieces) {axis = 1}
        %z = Tanh(%l)
      }
      """)
    let classes = AxisClasses(graph)
    for slice in classes.slices(of: try #require(graph.value(named: "w")))[1] { #expect(!classes[slice.axisClass].mayBeCut) }
  }

  /// Concatenating a value with itself doubles the parts of its axis each time.
  @Test func partsAreLimited() throws {
    var text = "graph (%x0: f32[batch, 2]) -> (%y) {\n"
    for step in 0..<24 { text += "  %x\(step + 1) = Concat(%x\(step), %x\(step)) {axis = 1}\n" }
    let graph = try AxisGraphs.parsed(text + "  %y = Tanh(%x24)\n}")
    let classes = AxisClasses(graph)
    #expect(classes.all.allSatisfy { !$0.mayBeCut })
  }

  @Test func theOrderIsTheGraphs() throws {
    let graph = try AxisGraphs.parsed(AxisGraphs.attention)
    let (one, other) = (AxisClasses(graph), AxisClasses(graph))
    #expect(one.all.map(\.slices) == other.all.map(\.slices) && one.all.map(\.uses) == other.all.map(\.uses))
    #expect(one.all.map(\.id.index) == Array(one.all.indices))
  }

  @Test func thousandsOfNodesShareOneClass() throws {
    var graph = Graph()
    var x = try graph.addInput("x", type: .tensor(TensorType(.float32, ["batch", 8])))
    let up = try graph.addConstant("up", try Tensor.seeded(.float32, [8, 16], seed: 1))
    let down = try graph.addConstant("down", try Tensor.seeded(.float32, [16, 8], seed: 1))
    func add(_ op: any Operator, _ inputs: [ValueID], _ name: String) throws -> ValueID {
      let id = try graph.addNode(op, inputs: inputs, outputs: [name], provenance: .source(name))
      try graph.inferTypes(of: id)
      return try #require(graph[id].outputs[0])
    }
    for layer in 0..<1000 {
      let wide = try add(Relu(), [try add(MatMul(), [x, up], "a\(layer)")], "b\(layer)")
      x = try add(Add(), [try add(MatMul(), [wide, down], "c\(layer)"), x], "x\(layer)")
    }
    graph.setOutputs([x])
    let classes = AxisClasses(graph)
    #expect(classes.all.count == 3)
    #expect(try classes.of("up", 1, in: graph).mayBeCut)
    #expect(try classes.of("up", 0, in: graph).id == classes.of("down", 1, in: graph).id)
  }
}
