import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

/// A small model as quantization tools write it, in every form, as `Quantizers/make_models.py` makes them, and through the recipe `fuse`.
struct QuantizedForms {
  let folder: String
  let input: (name: String, dtype: DType)

  /// - Parameter name: of the folder of one model.
  init(_ name: String, input: (name: String, dtype: DType)) {
    folder =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Quantizers/\(name)").path
    self.input = input
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  func original(_ name: String) throws -> Graph {
    try ONNXImporter().importModel(at: "\(folder)/\(name)/model.onnx").model.graph
  }

  func folded(_ name: String) throws -> (graph: Graph, ledger: Ledger) {
    var graph = try original(name)
    var ledger = Ledger()
    let recipe = try #require(Recipe.named.first { $0.name == "fuse" })
    try recipe.pipeline(from: .standard).run(on: &graph, ledger: &ledger)
    return (graph, ledger)
  }

  /// What ONNX Runtime made of the model.
  func expected(_ name: String) throws -> Tensor { try tensor(name, "output_0", .float32) }

  func result(_ graph: Graph, _ name: String) throws -> Tensor {
    try Interpreter(graph).run([input.name: tensor(name, "input_0", input.dtype)])[0]
  }

  private func tensor(_ name: String, _ file: String, _ dtype: DType) throws -> Tensor {
    let datum = try ONNXDatumFile.read(
      path: "\(folder)/\(name)/\(file).pb", type: .tensor(TensorType(dtype, nil)), limits: ResourceLimits()
    ).datum
    return try #require(datum.tensor)
  }

  /// Folds a model and checks that nothing is left of `others`, that `count` nodes of a kind are there, and that their weights are codes of the model.
  func expectCodes<Op: Operator>(
    _ name: String, of type: Op.Type, count: Int, ranks: ClosedRange<Int>, without others: Set<String>
  ) throws {
    let (graph, ledger) = try folded(name)
    let operators = graph.order.map { graph[$0].op.name.name }
    let layers = graph.order.filter { graph[$0].op is Op }
    #expect(layers.count == count, "\(operators)")
    #expect(!operators.contains { others.contains($0) }, "\(operators)")
    let codes = Set(try Self.weights(original(name), ranks).map { $0.map { $0 < 0 ? $0 + 256 : $0 }.sorted() })
    for id in layers {
      let weights = try #require(graph.constant(graph[id].inputs[2])?.integers())
      // Bytes without a sign become bytes with one: 128 less, or the zero point less.
      let isKnown = (0..<256).contains { shift in codes.contains(weights.map { ($0 + shift + 256) % 256 }.sorted()) }
      #expect(isKnown || codes.isEmpty, "the weights of \(graph.describe(id)) are not those of the model")
    }
    let entry = try #require(ledger.entries.first { $0.step == "quantize/fold-qdq" })
    #expect(entry.done >= count)
  }

  private static func weights(_ graph: Graph, _ ranks: ClosedRange<Int>) -> [[Int]] {
    graph.constants.compactMap { id in
      guard let tensor = graph.constant(id), ranks.contains(tensor.rank),
        tensor.dtype == .int8 || tensor.dtype == .uint8
      else {
        return nil
      }
      return tensor.integers()
    }
  }

  /// What the folded model and ONNX Runtime say differ by no more than codes at ties.
  func expectSameResults(_ name: String) throws {
    let (before, after) = (try result(original(name), name), try result(folded(name).graph, name))
    try expectLikeness(before, after, 0.9999)
    try expectLikeness(try expected(name), after, 0.9995)
  }

  /// The folded model as others read it computes the same.
  func expectExport(_ name: String) throws {
    let graph = try folded(name).graph
    var bytes: [UInt8] = []
    try ONNXExporter().write(Model(graph: graph)) { bytes.append(contentsOf: $0) }
    let path = NSTemporaryDirectory() + "lathe-qdq-\(name)-\(UUID().uuidString).onnx"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let back = try ONNXImporter().importModel(at: path).model.graph
    #expect(!back.order.contains { back[$0].op.name.domain == "lathe" })
    try expectLikeness(try result(graph, name), try result(back, name), 0.9999)
  }

  private func expectLikeness(_ one: Tensor, _ two: Tensor, _ bound: Double) throws {
    let (left, right) = (try #require(one.doubles()), try #require(two.doubles()))
    let dot = { (a: [Double], b: [Double]) in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let cosine = dot(left, right) / (dot(left, left) * dot(right, right)).squareRoot()
    #expect(one.shape == two.shape && cosine >= bound, "the cosine is \(cosine)")
  }
}
