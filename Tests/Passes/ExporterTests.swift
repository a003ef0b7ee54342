import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheJSON
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

  /// The inputs that are stored beside a model.
  private static func feeds(of name: String, _ graph: Graph) throws -> [[String: Tensor]] {
    try (0..<2).map { set in
      var inputs: [String: Tensor] = [:]
      for (position, id) in graph.inputs.enumerated() {
        let type = graph[id].type ?? .tensor(TensorType(.float32, nil))
        let path = folder.path + "/models/\(name)/test_data_set_\(set)/input_\(position).pb"
        guard FileManager.default.fileExists(atPath: path) else { continue }
        inputs[graph[id].name] = try ONNXDatumFile.read(path: path, type: type, limits: ResourceLimits()).datum.tensor
      }
      return inputs
    }
  }

  @Test func modelsAreThere() { #expect(Self.names.count >= 70) }

  @Test(arguments: names) func outputsStay(_ name: String) throws {
    let (before, after) = try Self.fused(name)
    for (set, inputs) in try Self.feeds(of: name, before).enumerated() {
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

  /// Recurrent layers of every exporter become INT8 behind the recipe `fuse`, with static scales and with dynamic ones.
  @Test(arguments: names.filter { $0.hasPrefix("bilstm") || $0.hasPrefix("bigru") }, ["static", "dynamic"])
  func recurrentLayersBecomeINT8(_ name: String, _ activations: String) throws {
    let (before, fused) = try Self.fused(name)
    let feeds = try Self.feeds(of: name, before)
    var surroundings = Pipeline.Surroundings()
    surroundings.observe = { (graph, points) throws(Diagnostic) in try Pipeline.Surroundings.observe(graph, points, on: feeds) }
    var (after, ledger) = (fused, Ledger())
    let step = try PassCatalog.standard.step("quantize/int8", options: ["activations": .string(activations)])
    try Pipeline([step]).run(on: &after, ledger: &ledger, in: surroundings)
    let entry = try #require(ledger.entries.first)
    #expect(entry.done == 3 && entry.declined.isEmpty, "\(entry.declined)")
    let quantized: Set = ["QuantizedGRU", "QuantizedLSTM"]
    #expect(after.order.count { quantized.contains(after[$0].op.name.name) } == 2)
    for inputs in feeds {
      let results = try [Interpreter(before).run(inputs)[0], Interpreter(after).run(inputs)[0]]
      let (left, right) = (try #require(results[0].doubles()), try #require(results[1].doubles()))
      let dot = { (a: [Double], b: [Double]) in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
      let cosine = dot(left, right) / (dot(left, left) * dot(right, right)).squareRoot()
      #expect(results[0].shape == results[1].shape && cosine >= 0.99, "the cosine is \(cosine)")
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
