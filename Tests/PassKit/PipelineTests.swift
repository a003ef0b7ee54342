import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LathePassKit
import LatheTensors
import Testing

/// Says that not one bit changes, and scales a constant.
private struct LyingPass: Pass {
  static let id: PassID = "test/lying"
  static let summary = "scales a constant and denies it"

  init(options: NoOptions) {}

  var guarantee: Guarantee { .identicalBits }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    for id in graph.constants {
      guard let values = graph.constant(id)?.doubles(), let shape = graph.constant(id)?.shape else { continue }
      graph.setConstant(try Tensor(values.map { Float($0 * 1.0001) }, shape: shape), of: id)
    }
    return PassOutcome()
  }
}

/// Leaves a graph behind that the verifier refuses.
private struct BreakingPass: Pass {
  static let id: PassID = "test/breaking"
  static let summary = "reads a value before it is there"

  init(options: NoOptions) {}

  var guarantee: Guarantee { .identicalBits }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    if let first = graph.order.first { graph.setInput(0, of: first, to: graph.outputs[0]) }
    return PassOutcome()
  }
}

@Suite struct PipelineTests {
  static let text = """
    graph (%x: f32[n, 2]) -> (%y) {
      @c: f32[2] = [0.5, -3.0]
      %s = Add(%x, @c) : f32[n, 2]
      %y = Relu(%s) : f32[n, 2]
    }
    """

  /// Drift from one graph to the next on one sample, by the interpreter.
  static func surroundings() throws -> Pipeline.Surroundings {
    let input = try Tensor([1, 4, -2, 9] as [Float], shape: [2, 2])
    var last: Tensor?
    var surroundings = Pipeline.Surroundings()
    surroundings.measureDrift = { (graph) throws(Diagnostic) in
      let output = try Interpreter(graph).run(["x": input])[0]
      var drift = Drift(samples: 1)
      if let last, last != output {
        drift.changedOutputs = 1
        drift.relativeError = 1e-4
      }
      last = output
      return (drift, drift)
    }
    return surroundings
  }

  @Test func aPassThatLiesIsNamed() throws {
    var graph = try GraphParser(catalog: .standard).parse(Self.text)
    var ledger = Ledger()
    let pipeline = Pipeline([try PassCatalog([LyingPass.self]).step("test/lying")])
    let error = try #require(throws: Diagnostic.self) {
      try pipeline.run(on: &graph, ledger: &ledger, in: try Self.surroundings())
    }
    #expect(error.id == "passes/broken-promise")
    #expect(error.category == .brokenPromise)
    #expect(error.location.pass == "test/lying")
    #expect(error.message.contains("identical bits"))
    #expect(ledger.entries.isEmpty)
  }

  @Test func whatIsNotMeasuredIsNotJudged() throws {
    var graph = try GraphParser(catalog: .standard).parse(Self.text)
    var ledger = Ledger()
    try Pipeline([try PassCatalog([LyingPass.self]).step("test/lying")]).run(on: &graph, ledger: &ledger)
    #expect(ledger.entries.first?.drift == nil)
  }

  @Test func aBrokenGraphIsThePassesFault() throws {
    var graph = try GraphParser(catalog: .standard).parse(Self.text)
    var ledger = Ledger()
    let error = try #require(throws: Diagnostic.self) {
      try Pipeline([try PassCatalog([BreakingPass.self]).step("test/breaking")]).run(on: &graph, ledger: &ledger)
    }
    #expect(error.location.pass == "test/breaking")
  }

  @Test func theGraphAPassLeftIsShownBeforeItsPromiseIsJudged() throws {
    var graph = try GraphParser(catalog: .standard).parse(Self.text)
    var (ledger, seen) = (Ledger(), [String]())
    var surroundings = try Self.surroundings()
    surroundings.didRun = { (_, step, _) throws(Diagnostic) in seen.append(step.id.rawValue) }
    #expect(throws: Diagnostic.self) {
      try Pipeline([try PassCatalog([LyingPass.self]).step("test/lying")]).run(on: &graph, ledger: &ledger, in: surroundings)
    }
    #expect(seen == ["test/lying"])
  }
}

@Suite struct GuaranteeTests {
  @Test func eachMetricIsHeldToItsBound() {
    var drift = Drift(samples: 3)
    for guarantee in [Guarantee.identicalBits, .sameMathematics(relative: 0), .approximate(metric: .cosine, bound: 1)] {
      #expect(guarantee.violation(by: drift) == nil)
    }
    (drift.changedOutputs, drift.relativeError, drift.absoluteError) = (1, 2e-6, 0.5)
    (drift.cosine, drift.agreement) = (0.99, 0.75)
    #expect(Guarantee.identicalBits.violation(by: drift) != nil)
    #expect(Guarantee.sameMathematics(relative: 1e-5).violation(by: drift) == nil)
    #expect(Guarantee.sameMathematics(relative: 1e-6).violation(by: drift) != nil)
    #expect(Guarantee.approximate(metric: .absoluteError, bound: 0.4).violation(by: drift) != nil)
    #expect(Guarantee.approximate(metric: .cosine, bound: 0.98).violation(by: drift) == nil)
    #expect(Guarantee.approximate(metric: .cosine, bound: 0.999).violation(by: drift) != nil)
    #expect(Guarantee.approximate(metric: .agreement, bound: 0.8).violation(by: drift) != nil)
    #expect(Guarantee.unstated.violation(by: drift) == nil)
  }

  @Test func notANumberKeepsNoPromise() {
    var drift = Drift(samples: 1)
    drift.relativeError = .nan
    #expect(Guarantee.sameMathematics(relative: 1).violation(by: drift) != nil)
    drift = Drift(samples: 1)
    drift.incomparable = 1
    #expect(Guarantee.identicalBits.violation(by: drift) != nil)
    #expect(Guarantee.approximate(metric: .agreement, bound: 0).violation(by: drift) != nil)
  }
}

@Suite struct BudgetTests {
  @Test func everyRuleHasItsVerdict() throws {
    let graph = try GraphParser(catalog: .standard).parse(
      """
      graph (%x: f32[n, 2]) -> (%y) {
        @w: f32[2, 2] = [1.0, 2.0, 3.0, 4.0]
        @i: i64[1, 1] = [0]
        %m = MatMul(%x, @w) : f32[n, 2]
        %y = GatherND(%m, @i) : f32[1, 2]
      }
      """)
    var ledger = Ledger()
    ledger.entries.append(
      Ledger.Entry(
        step: "a/b", guarantee: .identicalBits, after: Ledger.Size(of: graph), done: 3, declined: [("n", "why")], seconds: 0))
    var budget = Budget()
    budget.maximumNodes = 2
    budget.maximumParameters = 4
    budget.coverage = [
      Budget.Coverage(pass: "a/b", minimumDone: 3, maximumDeclined: 0, minimumShare: 0.75), Budget.Coverage(pass: "c/d", minimumDone: 1),
    ]
    budget.weights = [
      Budget.Weights(dtype: .float32, minimumShare: 1), Budget.Weights(dtype: .int8, minimumShare: 0.5, operators: ["MatMul"]),
    ]
    let verdicts = budget.verdicts(on: graph, ledger)
    #expect(verdicts.map(\.isKept) == [true, false, true, false, true, false, true, false], "\(verdicts)")
  }
}
