import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheJSON
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct StructureTests {
  /// A layer of four neurons of which the last is the sum of the first two: nothing is lost without it, if the others are fitted anew.
  private static let dependent = """
    graph (%x: f32[8, 3]) -> (%y) {
      @up: f32[3, 4] = [1.0, -0.5, 0.25, 0.5, 0.5, 1.0, -1.0, 1.5, -1.0, 0.25, 0.5, -0.75]
      @b: f32[4] = [0.5, -0.25, 0.125, 0.25]
      @down: f32[4, 2] = [1.0, 0.5, -1.0, 2.0, 0.25, -0.5, 3.0, -2.0]
      @c: f32[2] = [0.1, 0.2]
      %h = MatMul(%x, @up)
      %a = Add(%h, @b)
      %z = MatMul(%a, @down)
      %y = Add(%z, @c)
    }
    """

  private func pruned(_ text: String, _ options: String) throws -> (before: Graph, after: Graph, entry: Ledger.Entry) {
    var graph = try GraphParser(catalog: .standard).parse(text)
    try graph.inferTypes()
    let before = graph
    let pass = try PassCatalog.standard.step(Prune.id, options: try .parse(Array(options.utf8), file: nil))
    var ledger = Ledger()
    try Pipeline([pass]).run(on: &graph, ledger: &ledger, in: .seeded)
    return (before, graph, try #require(ledger.entries.last))
  }

  private func error(_ before: Graph, _ after: Graph) throws -> Float {
    let inputs = try seededInputs(of: before, 99)
    let (old, new) = (try Interpreter(before).run(inputs)[0], try Interpreter(after).run(inputs)[0])
    let (left, right) = (try #require(old.elements(as: Float.self)), try #require(new.elements(as: Float.self)))
    return zip(left, right).map { abs($0 - $1) }.max() ?? 0
  }

  @Test func whatOthersMakeUpForGoesAndIsMadeUpFor() throws {
    let options = #"{"what": "neurons", "width": 0.75, "recover": "cut", "regularization": 1e-7}"#
    let (before, after, entry) = try pruned(Self.dependent, options)
    #expect(after.value(named: "down").flatMap { after.constant($0) }?.shape == [3, 2])
    #expect(entry.done == 1)
    #expect(try error(before, after) < 1e-3)
  }

  @Test func withoutRecoveryItIsMissed() throws {
    let (before, after, _) = try pruned(Self.dependent, #"{"what": "neurons", "width": 0.75, "recover": "none"}"#)
    #expect(try error(before, after) > 0.05)
  }

  @Test func scoresAreToldAndCanBeGivenBack() throws {
    let (_, _, entry) = try pruned(Self.dependent, #"{"what": "neurons", "width": 1, "recover": "none", "distribution": "global"}"#)
    let scores = try #require(entry.structures.first)
    #expect(scores.extent == 4 && scores.scores?.count == 4 && scores.kind == "neurons")
    var graph = try GraphParser(catalog: .standard).parse(Self.dependent)
    try graph.inferTypes()
    var surroundings = Pipeline.Surroundings.seeded
    surroundings.structures = [
      StructureScores(weights: "up", axis: 1, extent: 4, block: 1, mask: [true, false, true, false]),
    ]
    var ledger = Ledger()
    let pass = try PassCatalog.standard.step(Prune.id, options: ["importance": "given", "recover": "none"])
    try Pipeline([pass]).run(on: &graph, ledger: &ledger, in: surroundings)
    #expect(graph.value(named: "b").flatMap { graph.constant($0) }?.elements(as: Float.self) == [0.5, 0.125])
  }

  /// Two branches of the same weights, of which one counts ten times as much.
  private static let unequal = """
    graph (%x: f32[8, 3]) -> (%y) {
      @up: f32[3, 4] = [1.0, -0.5, 0.25, 0.5, 0.5, 1.0, -1.0, 1.5, -1.0, 0.25, 0.5, -0.75]
      @up2: f32[3, 4] = [1.0, -0.5, 0.25, 0.5, 0.5, 1.0, -1.0, 1.5, -1.0, 0.25, 0.5, -0.75]
      @down: f32[4, 2] = [1.0, 0.5, -1.0, 2.0, 0.25, -0.5, 3.0, -2.0]
      @down2: f32[4, 2] = [1.0, 0.5, -1.0, 2.0, 0.25, -0.5, 3.0, -2.0]
      @ten: f32[] = [10.0]
      %h = MatMul(%x, @up)
      %a = Relu(%h)
      %z = MatMul(%a, @down)
      %h2 = MatMul(%x, @up2)
      %a2 = Relu(%h2)
      %z2 = MatMul(%a2, @down2)
      %far = Mul(%z, @ten)
      %y = Add(%far, %z2)
    }
    """

  @Test(arguments: ["reconstruction", "magnitude"]) func globalWidthsFollowWhatTheOutputsLose(_ importance: String) throws {
    let options = #"{"what": "neurons", "width": 0.5, "distribution": "global", "importance": "\#(importance)", "recover": "none"}"#
    let (_, after, _) = try pruned(Self.unequal, options)
    let widths = ["down", "down2"].compactMap { after.value(named: $0).flatMap { after.constant($0) }?.shape[0] }
    #expect(widths.count == 2 && widths[0] > widths[1])
    #expect(widths.reduce(0, +) == 4)
  }

  @Test func errorsFromBeforeAreMadeGoodBySums() throws {
    // The first product loses a neuron that nothing makes up for; the second adds to the same residual.
    let text = """
      graph (%x: f32[8, 3]) -> (%y) {
        @up: f32[3, 3] = [1.0, -0.5, 0.25, 0.5, 1.0, -1.0, -1.0, 0.25, 0.5]
        @down: f32[3, 3] = [1.0, 0.5, -1.0, 2.0, 0.25, -0.5, 3.0, -2.0, 0.5]
        @more: f32[3, 3] = [0.5, 0.25, -0.5, 1.0, -0.25, 0.5, 0.75, 1.0, -1.0]
        %h = MatMul(%x, @up)
        %a = Relu(%h)
        %z = MatMul(%a, @down)
        %s = Add(%x, %z)
        %m = MatMul(%s, @more)
        %y = Add(%s, %m)
      }
      """
    func lost(_ scope: String) throws -> Float {
      let options = #"{"what": "neurons", "width": 0.67, "recover": "\#(scope)", "compensation": 1, "regularization": 1e-6}"#
      let (before, after, _) = try pruned(text, options)
      return try error(before, after)
    }
    #expect(try lost("residual") < lost("cut"))
    #expect(try lost("cut") < lost("none"))
  }

  @Test func aWidthThatIsNoneIsRefused() throws {
    #expect(throws: Diagnostic.self) { try pruned(Self.dependent, #"{"width": 0}"#) }
    #expect(throws: Diagnostic.self) { try pruned(Self.dependent, #"{"width": 1.5}"#) }
  }
}
