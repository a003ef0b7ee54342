import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// ONNX's own tests of control flow, sequences, optionals and early operator sets.
@Suite struct ONNXCaseTests {
  private static let names: [String] = {
    let folder = testFolder.appendingPathComponent("Data/cases").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }()

  private let tolerance = Tolerance(absolute: 1e-6, relative: 1e-4)

  @Test func casesAreThere() { #expect(Self.names.count > 60) }

  @Test(arguments: names) func aModelGivesWhatItShould(name: String) throws {
    let folder = testFolder.appendingPathComponent("Data/cases/\(name)")
    let imported = try ONNXImporter().importModel(at: folder.appendingPathComponent("model.onnx").path)
    #expect(imported.warnings.filter { $0.id != "onnx/overridable-initializers" } == [])
    let model = imported.model
    let expected = try values("output", model.graph.outputs, model.graph, folder)
    // Inputs with defaults come last, and have no files.
    let fed = model.graph.inputs.filter { model.graph[$0].defaultValue == nil }
    let given = try values("input", fed, model.graph, folder)
    let feed = Dictionary(uniqueKeysWithValues: zip(fed.map { model.graph[$0].name }, given))
    try check(model.graph, feed, expected, "imported")

    let printer = GraphPrinter(inlineElements: 1_000_000)
    let text = printer.print(model.graph)
    let parsed = try GraphParser(catalog: .standard).parse(text)
    #expect(printer.print(parsed) == text)
    try check(parsed, feed, expected, "printed and parsed")

    let temporary = try TemporaryFolder()
    try ONNXExporter().export(model, to: temporary.file("model.onnx"))
    let back = try ONNXImporter().importModel(at: temporary.file("model.onnx")).model
    #expect(difference(back.graph, model.graph) == nil)
    try check(back.graph, feed, expected, "exported and imported")
  }

  private func values(_ kind: String, _ ids: [ValueID], _ graph: Graph, _ folder: URL) throws -> [Datum] {
    try ids.enumerated().map { index, id in
      let type = try #require(graph[id].type)
      return try ONNXDatumFile.read(path: folder.appendingPathComponent("\(kind)_\(index).pb").path, type: type).datum
    }
  }

  private func check(_ graph: Graph, _ feed: [String: Datum], _ expected: [Datum], _ what: String) throws {
    let outputs = try Interpreter(graph).run(feed)
    #expect(outputs.count == expected.count)
    for (output, wanted) in zip(outputs, expected) {
      let difference = output.difference(from: wanted, tolerance)
      #expect(difference == nil, "\(what): \(difference ?? "")")
    }
  }
}

extension Datum {
  /// What is different from `expected`, in words; nil if nothing is. An optional with a value is like the value itself.
  fileprivate func difference(from expected: Datum, _ tolerance: Tolerance) -> String? {
    switch (self, expected) {
    case (.tensor(let a), .tensor(let b)): return a.difference(from: b, tolerance)
    case (.sequence(let a, _), .sequence(let b, _)):
      guard a.count == b.count else { return "\(a.count) elements instead of \(b.count)" }
      return zip(a, b).lazy.compactMap { $0.difference(from: $1, tolerance) }.first
    case (.optional(nil, _), .optional(nil, _)): return nil
    case (.optional(let a?, _), .optional(let b?, _)): return a.difference(from: b, tolerance)
    case (_, .optional(let b?, _)): return difference(from: b, tolerance)
    default: return "\(type) instead of \(expected.type)"
    }
  }
}
