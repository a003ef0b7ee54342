import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheRuntime
import LatheTensors
import LatheTestSupport
import Testing

/// What plans promise: memory that is shared only by values that do not meet, and the same results in whatever order runs come.
@Suite struct PlanTests {
  @Test(arguments: 0..<20) func blocksThatMeetDoNotOverlap(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let blocks = (0..<60).map { _ in
      let first = Int.random(in: 0..<50, using: &generator)
      return ArenaLayout.Block(
        size: Int.random(in: 0...3000, using: &generator), lifetime: first...(first + Int.random(in: 0..<12, using: &generator)))
    }
    let layout = ArenaLayout(blocks)
    for (index, block) in blocks.enumerated() where block.size > 0 {
      #expect(layout.offsets[index] % ArenaLayout.alignment == 0 && layout.offsets[index] + block.size <= layout.size)
      for other in blocks.indices where other > index && blocks[other].size > 0 && blocks[other].lifetime.overlaps(block.lifetime) {
        let (one, two) = (layout.offsets[index], layout.offsets[other])
        #expect(one + block.size <= two || two + blocks[other].size <= one)
      }
    }
    let largest = (0..<70).map { step in blocks.filter { $0.lifetime.contains(step) }.reduce(0) { $0 + $1.size } }.max() ?? 0
    #expect(layout.size <= largest * 3 / 2 + 64 * blocks.count, "the layout is \(layout.size) bytes for \(largest)")
  }

  private func graph(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  private func expectAgreement(_ text: String, _ feeds: [[String: Tensor]]) throws {
    let graph = try graph(text)
    let runtime = try Runtime(graph, threads: 2)
    // Twice, so that memory is used again, in both orders.
    for feed in feeds + feeds.reversed() {
      let expected = try Interpreter(graph).run(feed)
      for (one, other) in zip(try runtime.run(feed), expected) {
        #expect(one.difference(from: other, Tolerance(absolute: 1e-6, relative: 1e-5)) == nil)
      }
    }
  }

  @Test func residualsViewsAndOutputsInTheMiddle() throws {
    let feeds = try [1, 7, 0, 3].map { ["x": try Tensor.seeded(.float32, [$0, 4], seed: 5)] }
    try expectAgreement(
      """
      graph (%x: f32[n, 4]) -> (%e, %a, %flat, %x, %k) {
        @k: f32[2] = [1.0, 2.0]
        @w: f32[4, 4] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
        @shape: i64[2] = [0, -1]
        %a = lathe::Linear(%x, @w) : f32[n, 4]
        %b = lathe::Linear(%a, @w, _, %a) : f32[n, 4]
        %v = Reshape(%b, @shape) : f32[n, 4]
        %c = Relu(%v) : f32[n, 4]
        %d = Add(%c, %b) : f32[n, 4]
        %e = Add(%d, %d) : f32[n, 4]
        @one: i64[1] = [-1]
        %flat = Reshape(%a, @one) : f32[m]
      }
      """.replacing("(%e, %a, %flat, %x, %k)", with: "(%e, %a, %flat, %x)"), feeds)
  }

  @Test func shapesThatOnlyDataTell() throws {
    let feeds = try [[1, 0, 2, 3], [0, 0, 0, 0], [5, 6, 7, 8]].map { ["x": try Tensor($0.map { Float($0) }, shape: [4])] }
    try expectAgreement(
      """
      graph (%x: f32[4]) -> (%y, %n) {
        %places = NonZero(%x) : i64[1, k]
        %n = Cast(%places) {to = 1} : f32[1, k]
        %e = Exp(%n) : f32[1, k]
        @one: f32[] = [1.0]
        %y = Add(%e, @one) : f32[1, k]
      }
      """, feeds)
  }

  @Test func severalThreadsRunOneModel() async throws {
    let graph = try graph(
      """
      graph (%x: f32[n, 3]) -> (%y) {
        @w: f32[3, 3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
        %a = lathe::Linear(%x, @w) {activation = "gelu"} : f32[n, 3]
        %y = lathe::Linear(%a, @w, _, %x) : f32[n, 3]
      }
      """)
    let runtime = try Runtime(graph, threads: 2)
    let inputs = try (1...8).map { try Tensor.seeded(.float32, [$0 * 5, 3], seed: UInt64($0)) }
    let expected = try inputs.map { try runtime.run(["x": $0])[0] }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for round in 0..<50 {
            let index = (round * 3 + worker) % inputs.count
            let output = try runtime.run(["x": inputs[index]])[0]
            #expect(output == expected[index])
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func tapsSeeWhatTheInterpreterSees() throws {
    let graph = try graph(
      """
      graph (%x: f32[2, 3]) -> (%y) {
        %a = Relu(%x) : f32[2, 3]
        %b = Exp(%a) : f32[2, 3]
        %c = Softplus(%b) : f32[2, 3]
        %y = Add(%c, %b) : f32[2, 3]
      }
      """)
    let feed = ["x": try Tensor.seeded(.float32, [2, 3], seed: 1)]
    var (seen, expected) = ([String: Tensor](), [String: Tensor]())
    _ = try Runtime(graph).run(feed) { _, value, tensor in seen[graph[value].name] = tensor }
    _ = try Interpreter(graph).run(feed) { _, value, tensor in expected[graph[value].name] = tensor }
    #expect(Set(seen.keys) == Set(expected.keys))
    for (name, tensor) in seen {
      let other = try #require(expected[name])
      #expect(tensor.difference(from: other, Tolerance(relative: 1e-5)) == nil)
    }
  }

  @Test func limitsAreKept() throws {
    let graph = try graph("graph (%x: f32[n]) -> (%y) {\n  %a = Exp(%x) : f32[n]\n  %y = Exp(%a) : f32[n]\n}")
    var limits = ResourceLimits()
    limits.tensorBytes = 100
    let feed = ["x": try Tensor.seeded(.float32, [26], seed: 1)]
    let error = try #require(throws: Diagnostic.self) { try Runtime(graph, limits: limits).run(feed) }
    #expect(error.id == "limit/tensor-bytes")
  }
}
