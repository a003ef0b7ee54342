import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheTensors
import Testing

@Suite struct ControlFlowTests {
  private func graph(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  private func run(_ text: String, _ inputs: [String: Datum], limits: ResourceLimits = ResourceLimits()) throws
    -> [Datum]
  {
    try Interpreter(graph(text), limits: limits).run(inputs)
  }

  private func floats(_ values: [Float], _ shape: [Int]) throws -> Datum { .tensor(try Tensor(values, shape: shape)) }

  private let counting = """
    graph (%n: i64[], %x: f32[2]) -> (%sum, %all) {
      %sum, %all = Loop(%n, _, %x) captures (%x) {
        body = graph (%i: i64[], %go: bool[], %state: f32[2]) captures (%outer: f32[2]) -> (%go, %next, %next) {
          %next = Add(%state, %outer)
        }
      }
    }
    """

  @Test func aLoopStacksWhatItsBodyGives() throws {
    let outputs = try run(counting, ["n": .tensor(.scalar(3 as Int64)), "x": floats([1, 2], [2])])
    #expect(try outputs == [floats([4, 8], [2]), floats([2, 4, 3, 6, 4, 8], [3, 2])])
    let none = try run(counting, ["n": .tensor(.scalar(0 as Int64)), "x": floats([1, 2], [2])])
    #expect(try none == [floats([1, 2], [2]), floats([], [0, 2])])
    let negative = try run(counting, ["n": .tensor(.scalar(-5 as Int64)), "x": floats([1, 2], [2])])
    #expect(negative == none)
  }

  @Test func typesComeOutOfBodies() throws {
    let graph = try graph(counting)
    #expect(graph[graph.outputs[0]].type == .tensor(TensorType(.float32, [2])))
    #expect(graph[graph.outputs[1]].type == .tensor(TensorType(.float32, [.unknown, 2])))
  }

  @Test func knownIterationsAreAnExtent() throws {
    let graph = try graph(
      counting.replacing("(%n: i64[], ", with: "(").replacing("%sum, %all = ", with: "@n: i64[] = [7]\n  %sum, %all = ")
        .replacing("Loop(%n", with: "Loop(@n"))
    #expect(graph[graph.outputs[1]].type == .tensor(TensorType(.float32, [7, 2])))
  }

  @Test func anEndlessLoopMeetsTheLimit() throws {
    var limits = ResourceLimits()
    limits.loopIterations = 1000
    let text = """
      graph (%x: f32[2]) -> (%y) {
        %y = Loop(_, _, %x) { body = graph (%i: i64[], %go: bool[], %s: f32[2]) -> (%go, %s) { } }
      }
      """
    let fault = try #require(throws: Diagnostic.self) { try run(text, ["x": floats([1, 2], [2])], limits: limits) }
    #expect(fault.id == "limit/loop-iterations")
  }

  @Test func liveResultsMeetTheLimit() throws {
    var limits = ResourceLimits()
    let input = ["x": try floats([Float](repeating: 1, count: 100), [100])]
    // %a and %b are alive at once, and %c with both.
    let kept = """
      graph (%x: f32[100]) -> (%d) {
        %a = Neg(%x)
        %b = Neg(%a)
        %c = Add(%a, %b)
        %d = Add(%c, %b)
      }
      """
    limits.liveBytes = 1200
    #expect(try run(kept, input, limits: limits).count == 1)
    limits.liveBytes = 1199
    #expect(try #require(throws: Diagnostic.self) { try run(kept, input, limits: limits) }.id == "limit/live-bytes")
    let chain = (0..<50).map { "%v\($0 + 1) = Neg(%v\($0))" }.joined(separator: "\n  ")
    limits.liveBytes = 800
    #expect(try run("graph (%v0: f32[100]) -> (%v50) {\n  \(chain)\n}", ["v0": input["x"]!], limits: limits).count == 1)
  }

  @Test func nestedLoopsCountTogether() throws {
    var limits = ResourceLimits()
    limits.loopIterations = 5000
    let text = """
      graph (%n: i64[], %x: f32[]) -> (%y) {
        %y = Loop(%n, _, %x) captures (%n) {
          body = graph (%i: i64[], %go: bool[], %s: f32[]) captures (%m: i64[]) -> (%go, %t) {
            %t = Loop(%m, _, %s) { body = graph (%i: i64[], %go: bool[], %u: f32[]) -> (%go, %v) { %v = Add(%u, %u) } }
          }
        }
      }
      """
    let fault = try #require(throws: Diagnostic.self) {
      try run(text, ["n": .tensor(.scalar(100 as Int64)), "x": floats([1], [])], limits: limits)
    }
    #expect(fault.id == "limit/loop-iterations")
    #expect(try run(text, ["n": .tensor(.scalar(2 as Int64)), "x": floats([1], [])]) == [floats([16], [])])
  }

  @Test func stackedOutputsKeepToTheLimitOfTensors() throws {
    var limits = ResourceLimits()
    limits.tensorBytes = 1000
    let inputs = ["n": Datum.tensor(try .scalar(1_000_000 as Int64)), "x": try floats([1, 2], [2])]
    let fault = try #require(throws: Diagnostic.self) { try run(counting, inputs, limits: limits) }
    #expect(fault.id == "limit/tensor-bytes")
  }

  @Test func manyIterationsTakeTimeInProportion() throws {
    let outputs = try run(counting, ["n": .tensor(.scalar(20_000 as Int64)), "x": floats([1, 2], [2])])
    #expect(outputs[1].tensor?.shape == [20_000, 2])
  }

  @Test func onlyTheBranchTakenIsRun() throws {
    // Squeeze fits an extent of 1 only, so the branch that is not taken does not fit.
    let text = """
      graph (%c: bool[], %x: f32[2, 3]) -> (%y) {
        %y = If(%c) captures (%x, %x) {
          then_branch = graph () captures (%a: f32[2, 3]) -> (%s) { @axes: i64[1] = [0]  %s = Squeeze(%a, @axes) },
          else_branch = graph () captures (%a: f32[2, 3]) -> (%s) { %s = Neg(%a) }
        }
      }
      """
    let x = try floats([1, 2, 3, 4, 5, 6], [2, 3])
    #expect(try run(text, ["c": .tensor(.scalar(false)), "x": x]) == [floats([-1, -2, -3, -4, -5, -6], [2, 3])])
    let fault = try #require(throws: Diagnostic.self) { try run(text, ["c": .tensor(.scalar(true)), "x": x]) }
    #expect(fault.id.hasPrefix("operator/"))
  }

  @Test func aScanGoesAlongAnyAxisInEitherDirection() throws {
    let text = """
      graph (%zero: f32[2], %x: f32[2, 3]) -> (%last, %sums) {
        %last, %sums = Scan(%zero, %x) {
          body = graph (%state: f32[2], %entry: f32[2]) -> (%sum, %sum) { %sum = Add(%state, %entry) },
          num_scan_inputs = 1, scan_input_axes = [-1], scan_input_directions = [1], scan_output_axes = [1], scan_output_directions = [1]
        }
      }
      """
    let outputs = try run(text, ["zero": floats([0, 0], [2]), "x": floats([1, 2, 3, 10, 20, 30], [2, 3])])
    #expect(try outputs == [floats([6, 60], [2]), floats([6, 5, 3, 60, 50, 30], [2, 3])])
    let parsed = try graph(text)
    #expect(parsed[parsed.outputs[1]].type == .tensor(TensorType(.float32, [2, 3])))
  }

  @Test func bodiesThatDoNotFitAreNamed() throws {
    let cases = [
      (
        "graph (%x: f32[2]) -> (%y) { %y = Loop(_, _, %x) { body = graph (%i: i64[]) -> (%i) { } } }",
        "operator/subgraph-inputs"
      ),
      (
        "graph (%x: f32[2]) -> (%y) { %y = Scan(%x) { body = graph (%i: f32[]) -> (%i) { }, num_scan_inputs = 9 } }",
        "operator/attribute-value"
      ),
      (
        "graph (%c: bool[]) -> (%y) { %y = If(%c) { then_branch = graph () -> () { }, else_branch = graph () -> () { } } }",
        "operator/outputs"
      ),
      (
        "graph (%c: bool[]) -> (%y) { %y = If(%c) { then_branch = graph () -> (@a) { @a: f32[] = [1.0] } } }",
        "operator/attribute-missing"
      ),
    ]
    for (text, id) in cases {
      let fault = #expect(throws: Diagnostic.self) { try graph(text) }
      #expect(fault?.id == id, "\(text)")
    }
  }

  @Test func sequencesTellWhereTheyEnd() throws {
    let text = """
      graph (%s: sequence(f32[*]), %p: i64[]) -> (%y) { %y = SequenceAt(%s, %p) }
      """
    let sequence = Datum.sequence(
      [try floats([1], [1]), try floats([2, 3], [2])], of: .tensor(TensorType(.float32, nil)))
    #expect(try run(text, ["s": sequence, "p": .tensor(.scalar(-1 as Int64))]) == [floats([2, 3], [2])])
    for position in [2, -3, Int64.max, .min] {
      let fault = try #require(throws: Diagnostic.self) {
        try run(text, ["s": sequence, "p": .tensor(.scalar(position))])
      }
      #expect(fault.id == "operator/index")
    }
  }

  @Test func aSequenceHoldsOneElementType() throws {
    let text = "graph (%a: f32[2], %b: i64[2]) -> (%y) { %y = SequenceConstruct(%a, %b) }"
    #expect(#expect(throws: Diagnostic.self) { try graph(text) }?.id == "operator/dtype")
    let insert = "graph (%s: sequence(f32[2]), %b: i64[2]) -> (%y) { %y = SequenceInsert(%s, %b) }"
    #expect(#expect(throws: Diagnostic.self) { try graph(insert) }?.id == "operator/sequence-element")
  }

  @Test func splittingAndJoiningGivesTheTensorBack() throws {
    for dtype in DType.allCases where dtype != .string {
      let bytes = (try #require(dtype.byteCount(of: 24)))
      let tensor = try Tensor(dtype: dtype, shape: [2, 3, 4]) { raw in
        for index in 0..<bytes {
          raw[index] = dtype == .bool ? UInt8(index % 2) : UInt8(truncatingIfNeeded: index &* 37)
        }
      }
      for axis in 0..<3 {
        let parts = try SplitToSequence(axis: axis).evaluate([.tensor(tensor)], limits: ResourceLimits())
        guard Concat.schema.inputs[0].domain.contains(dtype) else { continue }
        let joined = try ConcatFromSequence(axis: axis).evaluate([parts[0]], limits: ResourceLimits())
        #expect(joined == [.tensor(tensor)], "\(dtype) along \(axis)")
        let entries = try SplitToSequence(axis: axis, keepsAxis: false).evaluate(
          [.tensor(tensor)], limits: ResourceLimits())
        let stacked = try ConcatFromSequence(axis: axis, isNew: true).evaluate([entries[0]], limits: ResourceLimits())
        #expect(stacked == [.tensor(tensor)], "\(dtype) stacked along \(axis)")
      }
    }
  }
}
