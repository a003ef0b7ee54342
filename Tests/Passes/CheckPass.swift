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

/// One golden case: which pass runs with which options, the graph before, and the graph after or the reason why nothing changes.
struct GoldenCase {
  let pass: PassID
  let options: JSONValue
  let before: String
  /// nil where the pass must change nothing.
  let after: String?
  /// What one of the pass's refusals must contain; empty if nothing matches at all.
  let reason: String

  /// Reads `RUN: id {options}`, `BEFORE`, a graph, then `AFTER` and a graph, or `NO MATCH: reason`.
  init(_ text: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    let run = try #require(lines.first { $0.hasPrefix("RUN: ") }?.dropFirst(5))
    let parts = run.split(separator: " ", maxSplits: 1).map { String($0) }
    pass = PassID(parts[0])
    options = parts.count == 2 ? try JSONValue.parse(Array(parts[1].utf8), file: nil) : [:]
    let start = try #require(lines.firstIndex(of: "BEFORE"))
    if let middle = lines.firstIndex(of: "AFTER") {
      before = lines[(start + 1)..<middle].joined(separator: "\n")
      after = lines[(middle + 1)...].joined(separator: "\n")
      reason = ""
    } else {
      let end = try #require(lines.firstIndex { $0.hasPrefix("NO MATCH:") })
      before = lines[(start + 1)..<end].joined(separator: "\n")
      after = nil
      reason = String(lines[end].dropFirst("NO MATCH:".count).trimmingPrefix(" "))
    }
  }
}

extension GoldenCase {
  /// Whether the graph after the pass is still to be recorded.
  var isUnrecorded: Bool { after?.allSatisfy(\.isWhitespace) == true }

  /// What the pass makes of the graph before it.
  func recorded() throws -> String {
    var graph = try GraphParser(catalog: .standard).parse(before)
    var ledger = Ledger()
    let step = try PassCatalog.standard.step(pass, options: options)
    try Pipeline([step]).run(on: &graph, ledger: &ledger, in: .seeded)
    return GraphPrinter().print(graph)
  }
}

/// Checks a golden case as text, numerically against the pass's guarantee, for idempotence, and inside a pipeline of all passes.
func checkPass(_ golden: GoldenCase) throws {
  let parser = GraphParser(catalog: .standard)
  let original = try parser.parse(golden.before)
  let step = try PassCatalog.standard.step(golden.pass, options: golden.options)
  var changed = original
  var ledger = Ledger()
  try Pipeline([step]).run(on: &changed, ledger: &ledger, in: .seeded)
  let entry = try #require(ledger.entries.first)
  let expected = try golden.after.map { try parser.parse($0) } ?? original
  #expect(GraphPrinter().print(changed) == GraphPrinter().print(expected))
  if golden.after == nil {
    #expect(entry.done == 0)
    #expect(golden.reason.isEmpty || entry.declined.contains { $0.reason.contains(golden.reason) }, "\(entry.declined)")
  }
  try expectSameResults(original, changed, step.pass.guarantee)
  var twice = changed
  try Pipeline([step]).run(on: &twice, ledger: &ledger, in: .seeded)
  #expect(twice == changed, "a second run changes the graph again")
  var all = original
  let steps = try PassCatalog.standard.all.map { try $0.step() }.filter { step in
    switch step.pass.guarantee {
    case .approximate, .identicalBitsWhereCovered: false
    default: true
    }
  }
  try Pipeline(steps).run(on: &all, ledger: &ledger, in: .seeded)
  try expectSameResults(original, all, .sameMathematics(relative: 1e-5))
}

/// Inputs for a graph, its symbols bound to extents that grow with the seed.
func seededInputs(of graph: Graph, _ seed: Int) throws -> [String: Tensor] {
  var inputs: [String: Tensor] = [:]
  for (position, id) in graph.inputs.enumerated() {
    let type = try #require(graph[id].type?.tensor)
    guard graph[id].defaultValue == nil else { continue }
    let symbols = (type.shape ?? []).flatMap(\.symbols)
    let bindings = Dictionary(symbols.map { ($0, $0.utf8.count + seed) }) { first, _ in first }
    let shape = try #require(type.shape?.map { $0.evaluated(bindings) ?? 2 })
    inputs[graph[id].name] = try Tensor.seeded(type.dtype, shape, seed: UInt64(seed * 100 + position))
  }
  return inputs
}

/// Runs both graphs on seeded inputs, twice with different extents for the symbols.
func expectSameResults(_ before: Graph, _ after: Graph, _ guarantee: Guarantee) throws {
  for seed in 1...2 {
    let inputs = try seededInputs(of: before, seed)
    // A pass may have been asked to drop inputs and outputs; what is left is found by name.
    let (known, kept) = (Set(after.inputs.map { after[$0].name }), after.outputs.map { after[$0].name })
    let left = try Interpreter(before).run(inputs)
    let right = try Interpreter(after).run(inputs.filter { known.contains($0.key) })
    #expect(kept.count == right.count)
    for (name, two) in zip(kept, right) {
      let one = left[try #require(before.outputs.firstIndex { before[$0].name == name })]
      switch guarantee {
      case .identicalBits, .identicalBitsWhereCovered: #expect(one == two)
      case .sameMathematics(let relative): expectClose(one, two, relative: relative)
      case .approximate(.cosine, let bound), .approximate(.meanCosine, let bound): expectLikeness(one, two, atLeast: bound)
      case .approximate(let metric, _): Issue.record("golden cases cannot check the \(metric.rawValue) yet")
      case .unstated: break
      }
    }
  }
}

private func expectClose(_ one: Tensor, _ two: Tensor, relative: Double) {
  #expect(one.dtype == two.dtype && one.shape == two.shape)
  guard let left = one.doubles(), let right = two.doubles() else {
    #expect(one == two)
    return
  }
  let scale = left.reduce(0) { max($0, abs($1)) }
  for (a, b) in zip(left, right) { #expect(a == b || abs(a - b) <= relative * scale || (a.isNaN && b.isNaN)) }
}

/// The cosine of two outputs as a whole.
private func expectLikeness(_ one: Tensor, _ two: Tensor, atLeast bound: Double) {
  guard let left = one.doubles(), let right = two.doubles(), one.shape == two.shape else {
    Issue.record("\(one.dtype)\(one.shape) has become \(two.dtype)\(two.shape)")
    return
  }
  let dot = zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  let lengths = [left, right].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  #expect(left == right || dot >= bound * lengths[0] * lengths[1])
}
