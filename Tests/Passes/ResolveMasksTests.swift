import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheJSON
import LatheONNX
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

/// Models of real exporters in which zeros have silenced structures, known beforehand: what goes, and what the outputs are behind it.
@Suite struct ResolveMasksTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Masked/models")
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  static let berts = names.filter { $0.hasPrefix("bert") }

  /// How many structures of an axis go.
  struct Structure: Codable, Hashable {
    var gone: Int
    var of: Int
    var block: Int
  }

  struct Expectation: Codable {
    var structures: [Structure]
    /// Elements of floating-point constants that go.
    var elements: Int
  }

  static func expected(_ name: String, _ rule: String) throws -> Expectation {
    let data = try Data(contentsOf: folder.appendingPathComponent("\(name)/expected.json"))
    return try #require(try JSONDecoder().decode([String: Expectation].self, from: data)[rule])
  }

  static func imported(_ name: String) throws -> Graph {
    try ONNXImporter().importModel(at: folder.path + "/\(name)/model.onnx").model.graph
  }

  static func run(recipe: String, on graph: inout Graph) throws {
    var ledger = Ledger()
    try #require(Recipe.named.first { $0.name == recipe }).pipeline(from: .standard).run(on: &graph, ledger: &ledger)
  }

  static func resolve(_ graph: inout Graph, _ options: JSONValue = [:]) throws -> Ledger.Entry {
    var ledger = Ledger()
    try Pipeline([try PassCatalog.standard.step("structure/resolve-masks", options: options)]).run(on: &graph, ledger: &ledger)
    return try #require(ledger.entries.first)
  }

  /// What the notes of a run say has gone, in an order of their own.
  static func structures(_ entry: Ledger.Entry) throws -> [Structure] {
    try entry.notes.filter { $0.hasPrefix("gone: ") }.map { note in
      let match = try #require(note.firstMatch(of: /gone: (\d+) of the (\d+) (blocks of (\d+)|indices) along/), "\(note)")
      return Structure(gone: Int(match.1) ?? 0, of: Int(match.2) ?? 0, block: match.4.flatMap { Int($0) } ?? 1)
    }
  }

  /// Elements of floating-point constants; extents that count as well are made anew where layers begin to differ.
  static func elements(_ graph: Graph) -> Int {
    graph.constants.compactMap { graph.constant($0) }.filter { $0.dtype.isFloat && $0.rank > 0 }.reduce(0) { $0 + $1.elementCount }
  }

  static func expectSameOutputs(_ name: String, _ before: Graph, _ after: Graph) throws {
    for set in 0..<2 {
      var inputs: [String: Tensor] = [:]
      for (position, id) in before.inputs.enumerated() {
        let path = folder.path + "/\(name)/test_data_set_\(set)/input_\(position).pb"
        guard FileManager.default.fileExists(atPath: path), let type = before[id].type else { continue }
        inputs[before[id].name] = try ONNXDatumFile.read(path: path, type: type, limits: ResourceLimits()).datum.tensor
      }
      for (left, right) in zip(try Interpreter(before).run(inputs), try Interpreter(after).run(inputs)) {
        #expect(right.difference(from: left, Tolerance(absolute: 1e-5)) == nil, "set \(set)")
      }
    }
  }

  @Test func modelsAreThere() { #expect(Self.names.count >= 14 && Self.berts.count >= 8) }

  @Test(arguments: names, ["simplify", "fuse"]) func whatIsSilentGoesAndNothingElse(_ name: String, _ recipe: String) throws {
    let original = try Self.imported(name)
    var graph = original
    try Self.run(recipe: recipe, on: &graph)
    let before = Self.elements(graph)
    let entry = try Self.resolve(&graph)
    var expected = try Self.expected(name, "all")
    if recipe == "simplify", graph.order.contains(where: { graph[$0].op is LSTM || graph[$0].op is GRU }) {
      // Both layers begin with the same state there, so that their units are one axis, and none is silent in both.
      expected = Expectation(structures: [], elements: 0)
      let told = entry.declined.compactMap { $0.subject.firstMatch(of: /^(\d+) of the 16/).flatMap { Int($0.1) } }
      #expect(told.reduce(0, +) == 5, "\(entry.declined)")
    }
    #expect(Set(try Self.structures(entry)) == Set(expected.structures) && entry.done == expected.structures.count, "\(entry.notes)")
    #expect(before - Self.elements(graph) == expected.elements)
    try Verifier().verify(graph)
    try Self.expectSameOutputs(name, original, graph)
    let again = try Self.resolve(&graph)
    #expect(again.done == 0 && again.notes.contains("nothing is zero as a whole that may go"))
  }

  @Test(arguments: berts, ["simplify", "fuse"]) func theRuleOfNNCFTakesWhatIsMaskedWholly(_ name: String, _ recipe: String) throws {
    let original = try Self.imported(name)
    var graph = original
    try Self.run(recipe: recipe, on: &graph)
    let before = Self.elements(graph)
    let entry = try Self.resolve(&graph, ["nncf-rule": true])
    let expected = try Self.expected(name, "nncf")
    #expect(Set(try Self.structures(entry)) == Set(expected.structures) && entry.done == expected.structures.count, "\(entry.notes)")
    #expect(before - Self.elements(graph) == expected.elements)
    try Self.expectSameOutputs(name, original, graph)
  }

  /// Layers with heads of their own numbers are fused as others are, and it does not matter which comes first.
  @Test(arguments: berts) func masksAndFusionsChangePlaces(_ name: String) throws {
    let original = try Self.imported(name)
    var (first, last) = (original, original)
    try Self.run(recipe: "simplify", on: &first)
    _ = try Self.resolve(&first)
    try Self.run(recipe: "fuse", on: &first)
    try Self.run(recipe: "fuse", on: &last)
    _ = try Self.resolve(&last)
    #expect(first.order.map { first[$0].op.name } == last.order.map { last[$0].op.name })
    #expect(first.order.count { first[$0].op is FusedAttention } == 2)
    #expect(Self.elements(first) == Self.elements(last))
    try Self.expectSameOutputs(name, original, first)
  }

  @Test func zerosWithoutStructureAndPartsOfStructuresAreTold() throws {
    var graph = try Self.imported("bert-sparse-torchscript-eager-17")
    try Self.run(recipe: "simplify", on: &graph)
    let entry = try Self.resolve(&graph)
    let shares = entry.notes.compactMap { $0.firstMatch(of: /^(\d+)\.\d % of the \d+ elements .* are zeros without structure/).flatMap { Int($0.1) } }
    #expect(shares.count == 1 && (50...62).contains(shares.first ?? 0), "\(entry.notes)")
    // A head of which the queries alone are zero, and a neuron of which the bias is not: one of each in both layers.
    #expect(entry.declined.count == 4 && entry.declined.allSatisfy { $0.reason.contains("nothing that is multiplied is zero") })
    #expect(entry.declined.count { $0.subject.contains("blocks of 8") && $0.subject.contains("(zero in @") } == 2, "\(entry.declined)")
  }

  @Test func extentsThatAreReadAreToldWithWhatHelps() throws {
    var graph = try Self.imported("bert-torchscript-eager-14")
    let entry = try Self.resolve(&graph)
    #expect(entry.declined.contains { $0.reason.contains("simplify/fold-shapes before this pass") }, "\(entry.declined)")
  }

  @Test func whatIsToBeIgnoredStays() throws {
    let name = "bert-torchscript-eager-14"
    var graph = try Self.imported(name)
    try Self.run(recipe: "simplify", on: &graph)
    let entry = try Self.resolve(&graph, ["ignore": ["{re}encoder/layer.0/intermediate", "nowhere"]])
    #expect(entry.done == 3 && entry.notes.contains { $0.hasPrefix("nowhere names no node") }, "\(entry.notes)")
    #expect(entry.declined.contains { $0.subject.hasPrefix("6 of the 64") && $0.reason.contains("is to be ignored") }, "\(entry.declined)")
    try Self.run(recipe: "simplify", on: &graph)
    let only = try Self.resolve(&graph, ["only": ["{re}encoder/layer.0/intermediate"]])
    #expect(only.done == 1)
    try Self.expectSameOutputs(name, try Self.imported(name), graph)
  }
}
