import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheOperators
import LatheRuntime
import LatheTensors
import Testing

/// Own and inherited errors, and what nodes do by themselves.
@Suite struct TraceTests {
  static func graph(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  static func chain(_ bias: String, last: String = "%out = Mul(%/b, @c)") throws -> Graph {
    try graph(
      """
      graph (%x: f32[n, 2]) -> (%out) {
        @a: f32[2] = [2.0, 3.0]
        @b: f32[2] = [\(bias)]
        @c: f32[2] = [1.0, -1.0]
        %/a = Mul(%x, @a)
        %/b = Add(%/a, @b)
        \(last)
      }
      """)
  }

  static func tracer(_ reference: Graph, _ candidate: Graph) throws -> Tracer {
    let input = ["x": try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])]
    let feed = TraceFeed(reference: input, candidate: input) { (value, _, _) in value }
    return try Tracer(reference: reference, candidate: candidate, feeds: [feed]) { (graph) throws(Diagnostic) in
      let runtime = try Runtime(graph)
      return { (inputs) throws(Diagnostic) in try runtime.run(inputs) }
    }
  }

  @Test func anErrorIsItsNodesOwnAndInheritedByThoseBehind() throws {
    let trace = try Self.tracer(Self.chain("1.0, 1.0"), Self.chain("1.0, 5.0")).trace()
    #expect(trace.entries.map(\.value) == ["/a", "/b", "out"] && trace.pairedNodeCount == 3)
    #expect(trace.entries.map(\.own.maximumAbsoluteError) == [0, 4, 0])
    #expect(trace.entries.map(\.inherited.maximumAbsoluteError) == [0, 4, 4])
  }

  @Test func theNodeThatBreaksTheToleranceAloneIsToBlame() throws {
    let tracer = try Self.tracer(Self.chain("1.0, 1.0"), Self.chain("1.0, 5.0"))
    var tolerance = Tolerance()
    tolerance.maximumAbsoluteError = 1
    let effects = try tracer.effects(of: tracer.trace().entries, tolerance: tolerance)
    #expect(effects.count == 1 && effects.culprit?.breaksTolerance == true)
    #expect(effects.culprit?.entry.node == "Add → %/b")
    tolerance.maximumAbsoluteError = 10
    #expect(try tracer.effects(of: tracer.trace().entries, tolerance: tolerance).culprit?.breaksTolerance == false)
  }

  @Test func nodesWithoutCounterpartsCountWithTheNextOne() throws {
    let candidate = try Self.chain("1.0, 1.0", last: "%/extra = Mul(%/b, @a)\n  %out = Mul(%/extra, @c)")
    let trace = try Self.tracer(Self.chain("1.0, 1.0"), candidate).trace()
    let last = try #require(trace.entries.last)
    #expect(last.value == "out" && last.companions == ["Mul → %/extra"] && last.own.maximumAbsoluteError > 0)
    #expect(trace.pairedNodeCount == 3 && trace.nodeCount == 4 && trace.coverage.contains("3 of 4"))
  }

  @Test func codesAreHeldAgainstTheFloatsTheyStandFor() throws {
    let reference = try Self.graph(
      """
      graph (%x: f32[n, 2]) -> (%out) {
        @a: f32[2] = [1.0, 1.0]
        %/a = Mul(%x, @a)
        %out = Mul(%/a, @a)
      }
      """)
    let candidate = try Self.graph(
      """
      graph (%x: f32[n, 2]) -> (%out) {
        @a: f32[2] = [1.0, 1.0]
        @s: f32[] = [0.03125]
        @z: i8[] = [0]
        %/a = Mul(%x, @a)
        %/q = QuantizeLinear(%/a, @s, @z)
        %/d = DequantizeLinear(%/q, @s, @z)
        %out = Mul(%/d, @a)
      }
      """)
    let trace = try Self.tracer(reference, candidate).trace()
    let codes = try #require(trace.entries.first { $0.value == "/q" })
    // 4 is 128 steps: one more than there are.
    #expect(codes.counterpart == "/a" && codes.codes?.saturated == 1 && codes.codes?.clipped == 1, "\(String(describing: codes.codes))")
    #expect(codes.own.maximumAbsoluteError == 0.03125)
  }

  @Test func numbersAreRoundedToTheNearestAndTiesToEven() throws {
    let graph = try Self.graph(
      """
      graph (%x: f32[n]) -> (%q) {
        @s: f32[] = [0.5]
        %q = lathe::QuantizeRows(%x, @s)
      }
      """)
    let scale = try #require(CodeScale(of: graph.outputs[0], in: graph))
    let values = try Tensor([0.25, 0.75, -0.25, 63.6, -70, .nan] as [Float], shape: [6])
    #expect(scale.codes(of: values)?.elements(as: Int8.self) == [0, 2, 0, 127, -127, 0])
    #expect(scale.clipped(values) == 1 && scale.lowest == -127)
  }
}
