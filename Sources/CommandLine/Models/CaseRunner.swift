import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheInterpreter
import LatheONNX
import LatheTensors

/// How a case ended.
struct CaseResult: Sendable {
  enum Status: String, Sendable { case passed, failed, skipped }

  var name: String
  /// Operators of the main graph, each once.
  var operators: [String]
  var status: Status
  /// Why it failed or was skipped; empty for a pass.
  var message: String
}

/// Runs backend cases.
struct CaseRunner: Sendable {
  let engine: Engine.Name
  /// That the runtime's kernels share.
  let threads: Int
  let limits: ResourceLimits
  let closeness: Closeness
  let roundTrip: RoundTrip?

  /// The result; whatever goes wrong is the case's failure.
  func run(_ test: BackendCase) -> CaseResult {
    var result = CaseResult(name: test.name, operators: [], status: .passed, message: "")
    do throws(Diagnostic) {
      var model = try ONNXImporter(limits: limits).importModel(at: test.model).model
      result.operators = Self.operators(model.graph)
      if let roundTrip { model = try roundTrip.apply(to: model, limits: limits) }
      let sets = test.dataSets
      guard !sets.isEmpty else {
        result.status = .skipped
        result.message = "the case has no test_data_set"
        return result
      }
      let engine = try Engine(engine, model.graph, limits: limits, threads: threads)
      for set in sets { try check(set, engine) }
    } catch {
      result.status = .failed
      let place = [error.location.node, error.location.value].compactMap { $0 }.first.map { " at \($0)" } ?? ""
      result.message = "\(error.message)\(place)" + error.notes.prefix(3).map { "; \($0)" }.joined()
    }
    return result
  }

  private func check(_ set: String, _ engine: Engine) throws(Diagnostic) {
    let graph = engine.graph
    let inputs = try BackendCase.values("input", in: set, types: graph.inputs.map { graph[$0].type }, limits: limits)
    let expected = try BackendCase.values(
      "output", in: set, types: graph.outputs.map { graph[$0].type }, limits: limits)
    let fed = Dictionary(zip(graph.inputs.map { graph[$0].name }, inputs)) { first, _ in first }
    let outputs = try engine.run(fed)
    guard outputs.count == expected.count else {
      throw .invalid("test/outputs", "there are \(outputs.count) outputs instead of \(expected.count)")
    }
    for (id, pair) in zip(graph.outputs, zip(outputs, expected)) {
      guard let reason = closeness.difference(pair.0, pair.1) else { continue }
      throw .invalid("test/difference", reason, at: Location(value: graph[id].name))
    }
  }

  private static func operators(_ graph: Graph) -> [String] {
    Set(graph.order.map { graph[$0].op.name.description }).sorted()
  }
}
