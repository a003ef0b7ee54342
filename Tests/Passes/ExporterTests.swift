import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

/// Small models of many architectures, from real exporters, through the recipe `fuse`.
@Suite struct ExporterTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Exporters")
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/models")) ?? []).filter { !$0.hasPrefix(".") }
    .sorted()

  private static func fused(_ name: String) throws -> (before: Graph, after: Graph) {
    let model = try ONNXImporter().importModel(at: folder.path + "/models/\(name)/model.onnx").model
    var graph = model.graph
    var ledger = Ledger()
    let recipe = try #require(Recipe.named.first { $0.name == "fuse" })
    try recipe.pipeline(from: .standard).run(on: &graph, ledger: &ledger)
    return (model.graph, graph)
  }

  @Test func modelsAreThere() { #expect(Self.names.count >= 70) }

  @Test(arguments: names) func outputsStay(_ name: String) throws {
    let (before, after) = try Self.fused(name)
    for set in 0..<2 {
      let folder = Self.folder.path + "/models/\(name)/test_data_set_\(set)"
      var inputs: [String: Tensor] = [:]
      for (position, id) in before.inputs.enumerated() {
        let type = before[id].type ?? .tensor(TensorType(.float32, nil))
        let path = "\(folder)/input_\(position).pb"
        guard FileManager.default.fileExists(atPath: path) else { continue }
        inputs[before[id].name] = try ONNXDatumFile.read(path: path, type: type, limits: ResourceLimits()).datum.tensor
      }
      let (left, right) = (try Interpreter(before).run(inputs), try Interpreter(after).run(inputs))
      for (one, two) in zip(left, right) {
        // Sums of 16-bit floats are rounded at other places.
        let bound = one.dtype == .float32 ? 1e-5 : 1e-2
        let values = try #require(one.doubles())
        let scale = values.reduce(1e-30) { max($0, abs($1)) }
        let error = zip(values, try #require(two.doubles())).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(one.shape == two.shape && error <= bound * scale, "set \(set): \(error / scale) relative")
      }
    }
  }

  /// What each model became: its operators with their numbers, as `Exporters/fused.txt` says.
  @Test func operatorsAreAsRecorded() throws {
    var lines: [String] = []
    for name in Self.names {
      let graph = try Self.fused(name).after
      let counts = Dictionary(graph.order.map { (graph[$0].op.name.description, 1) }) { $0 + $1 }
      let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) ×\($0.value)" }
      lines.append("\(name): \(parts.joined(separator: ", "))")
    }
    let text = lines.joined(separator: "\n") + "\n"
    let file = Self.folder.appendingPathComponent("fused.txt")
    let recorded = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    guard text != recorded else { return }
    if recorded.isEmpty { try text.write(to: file, atomically: true, encoding: .utf8) }
    let changes = zip(recorded.split(separator: "\n"), lines).filter { $0 != $1 }.prefix(5).map { "\($0) → \($1)" }
    Issue.record("models became something else; empty \(file.path), run this test and read the difference: \(changes)")
  }
}
