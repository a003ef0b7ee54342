import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

/// Passes that cut what an index of a vocabulary or of positions runs over.
@Suite struct VocabularyTests {
  /// A masked language model in small: one table looked up and, transposed, projecting; a bias for each token; a padding id compared with.
  private static let tied = """
    graph (%input_ids: i64[batch, seq]) -> (%logits, %hidden) {
      @words: f32[6, 2] = [0.5, -1.0, 1.0, 2.0, -0.25, 0.75, 3.0, 1.5, -2.0, 0.125, 0.375, -0.5]
      @bias: f32[6] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
      @padding: i64[] = [4]
      %w = Gather(@words, %input_ids) {axis = 0} : f32[batch, seq, 2]
      %is = Equal(%input_ids, @padding) : bool[batch, seq]
      %flag = Cast(%is) {to = 1} : f32[batch, seq]
      @axes: i64[1] = [2]
      %mark = Unsqueeze(%flag, @axes) : f32[batch, seq, 1]
      %hidden = Add(%w, %mark) : f32[batch, seq, 2]
      %t = Transpose(@words) {perm = [1, 0]} : f32[2, 6]
      %scores = MatMul(%hidden, %t) : f32[batch, seq, 6]
      %logits = Add(%scores, @bias) : f32[batch, seq, 6]
    }
    """

  private static func parse(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  private static func trim(
    _ graph: inout Graph, counts: [Int], _ change: (inout Trim.Options) -> Void = { _ in }
  ) throws -> PassOutcome {
    var options = Trim.Options()
    change(&options)
    let context = PassContext(
      pass: Trim.id, limits: ResourceLimits(), verifiesEveryRewrite: true, tokenCounts: { () throws(Diagnostic) in counts })
    let outcome = try Trim(options: options).run(on: &graph, in: context)
    try graph.inferTypes()
    try Verifier().verify(graph)
    return outcome
  }

  private static func run(_ graph: Graph, _ ids: [Int64]) throws -> [Tensor] {
    try Interpreter(graph).run(["input_ids": try Tensor(ids, shape: [1, ids.count])])
  }

  @Test func tablesProjectionsBiasesAndComparedIDsAreCutTogether() throws {
    var graph = try Self.parse(Self.tied)
    let before = try Self.run(graph, [1, 4, 3, 1])
    let outcome = try Self.trim(&graph, counts: [0, 5, 0, 2, 0, 1])
    let cut = try #require(outcome.vocabulary)
    // The id that the graph compares with stays, though no text has it.
    #expect(cut.kept == [1, 3, 4, 5])
    #expect(cut.inputs == ["input_ids"])
    #expect(cut.outputs == [.init(name: "logits", axis: 2)])
    let after = try Self.run(graph, [0, 2, 1, 0])
    #expect(after[0] == (try before[0].keeping(cut.kept, along: 2)))
    #expect(after[1] == before[1])
    let sizes = graph.constants.compactMap { graph.constant($0)?.shape }
    #expect(!sizes.contains { $0.contains(6) })
  }

  @Test func mostFrequentTokensStayWithinTheNumberTheCountAndTheShareAskedFor() throws {
    func kept(_ change: (inout Trim.Options) -> Void) throws -> [Int]? {
      var graph = try Self.parse(Self.tied)
      return try Self.trim(&graph, counts: [3, 9, 1, 9, 0, 4], change).vocabulary?.kept
    }
    #expect(try kept { $0.keep = 3 } == [1, 3, 4])
    #expect(try kept { $0.minimumCount = 4 } == [1, 3, 4, 5])
    #expect(try kept { $0.coverage = 0.8 } == [1, 3, 4, 5])
    #expect(try kept { $0.keep = 2; $0.alwaysKeep = [2] } == [2, 4])
  }

  @Test func tablesThatSharedIDsLookUpAreAllCut() throws {
    var graph = try Self.parse(
      """
      graph (%input_ids: i64[batch, seq]) -> (%y) {
        @a: f32[4, 2] = [1, 2, 3, 4, 5, 6, 7, 8]
        @b: f32[4, 2] = [0.5, 0.25, 1.5, 1.25, 2.5, 2.25, 3.5, 3.25]
        %u = Gather(@a, %input_ids) {axis = 0} : f32[batch, seq, 2]
        %v = Gather(@b, %input_ids) {axis = 0} : f32[batch, seq, 2]
        %y = Mul(%u, %v) : f32[batch, seq, 2]
      }
      """)
    let before = try Self.run(graph, [3, 0])
    _ = try Self.trim(&graph, counts: [1, 0, 0, 1])
    #expect(try Self.run(graph, [1, 0]) == before)
  }

  @Test(arguments: [
    ("%z = Mul(%input_ids, %input_ids) : i64[batch, seq]", "means them as numbers"),
    ("%z = Identity(%input_ids) : i64[batch, seq]", "go out"),
  ])
  func idsThatAreMoreThanPlacesAreRefused(line: String, reason: String) throws {
    var graph = try Self.parse(
      """
      graph (%input_ids: i64[batch, seq]) -> (%y, %z) {
        @a: f32[4, 2] = [1, 2, 3, 4, 5, 6, 7, 8]
        %y = Gather(@a, %input_ids) {axis = 0} : f32[batch, seq, 2]
        \(line)
      }
      """)
    let error = #expect(throws: Diagnostic.self) { try Self.trim(&graph, counts: [1, 0, 0, 1]) }
    #expect(error?.id == "vocabulary/table")
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func normalizedTokensAreRefused() throws {
    var graph = try Self.parse(
      """
      graph (%input_ids: i64[batch, seq]) -> (%p) {
        @words: f32[4, 2] = [1, 2, 3, 4, 5, 6, 7, 8]
        %x = Gather(@words, %input_ids) {axis = 0} : f32[batch, seq, 2]
        %t = Transpose(@words) {perm = [1, 0]} : f32[2, 4]
        %s = MatMul(%x, %t) : f32[batch, seq, 4]
        %p = Softmax(%s) {axis = -1} : f32[batch, seq, 4]
      }
      """)
    let copy = graph
    #expect(throws: Diagnostic.self) { try Self.trim(&graph, counts: [1, 0, 0, 1]) }
    #expect(graph == copy)
  }

  @Test func countsOfAnotherVocabularyAreRefused() throws {
    var graph = try Self.parse(Self.tied)
    #expect(throws: Diagnostic.self) { try Self.trim(&graph, counts: Array(repeating: 1, count: 7)) }
    #expect(throws: Diagnostic.self) { try Self.trim(&graph, counts: Array(repeating: 0, count: 6)) }
    #expect(throws: Diagnostic.self) { try Self.trim(&graph, counts: [1]) { $0.alwaysKeep = [6] } }
  }

  @Test func allTokensKeptChangesNothing() throws {
    var graph = try Self.parse(Self.tied)
    let outcome = try Self.trim(&graph, counts: Array(repeating: 1, count: 6))
    #expect(outcome.vocabulary == nil)
    #expect(outcome.declined.count == 1)
  }
}
