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

/// A small model as quantization tools write it, in every form, through the recipe `fuse`.
@Suite struct QuantizerTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Quantizers/models"
  ).path
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
    !$0.hasPrefix(".")
  }.sorted()

  private static func original(_ name: String) throws -> Graph {
    try ONNXImporter().importModel(at: "\(folder)/\(name)/model.onnx").model.graph
  }

  private static func folded(_ name: String) throws -> (graph: Graph, ledger: Ledger) {
    var graph = try original(name)
    var ledger = Ledger()
    let recipe = try #require(Recipe.named.first { $0.name == "fuse" })
    try recipe.pipeline(from: .standard).run(on: &graph, ledger: &ledger)
    return (graph, ledger)
  }

  private static func tensor(_ name: String, _ file: String, _ dtype: DType) throws -> Tensor {
    let datum = try ONNXDatumFile.read(
      path: "\(folder)/\(name)/\(file).pb", type: .tensor(TensorType(dtype, nil)), limits: ResourceLimits()
    ).datum
    return try #require(datum.tensor)
  }

  private static func result(_ graph: Graph, _ name: String) throws -> Tensor {
    try Interpreter(graph).run(["ids": tensor(name, "input_0", .int64)])[0]
  }

  private func expectLikeness(_ one: Tensor, _ two: Tensor, _ bound: Double) throws {
    let (left, right) = (try #require(one.doubles()), try #require(two.doubles()))
    let dot = { (a: [Double], b: [Double]) in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let cosine = dot(left, right) / (dot(left, left) * dot(right, right)).squareRoot()
    #expect(one.shape == two.shape && cosine >= bound, "the cosine is \(cosine)")
  }

  @Test func allFormsAreThere() { #expect(Self.names.count >= 17) }

  @Test(arguments: names) func allProductsRunOnTheCodesOfTheirWeights(_ name: String) throws {
    let (graph, ledger) = try Self.folded(name)
    let operators = graph.order.map { graph[$0].op.name.name }
    #expect(operators.count { $0 == "QuantizedLinear" } == 3, "\(operators)")
    #expect(
      !operators.contains {
        ["MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "Linear", "PackedLinear"].contains($0)
      }, "\(operators)")
    let codes = Set(try Self.matrices(Self.original(name)).map { $0.map { $0 < 0 ? $0 + 256 : $0 }.sorted() })
    for id in graph.order where graph[id].op is QuantizedLinear {
      let weights = try #require(graph.constant(graph[id].inputs[2])?.integers())
      // Bytes without a sign become bytes with one: 128 less, or the zero point less.
      let isKnown = (0..<256).contains { shift in codes.contains(weights.map { ($0 + shift + 256) % 256 }.sorted()) }
      #expect(isKnown, "the weights of \(graph.describe(id)) are not those of the model")
    }
    let entry = try #require(ledger.entries.first { $0.step == "quantize/fold-qdq" })
    #expect(entry.done >= 3)
  }

  private static func matrices(_ graph: Graph) throws -> [[Int]] {
    graph.constants.compactMap { id in
      guard let tensor = graph.constant(id), tensor.rank == 2, tensor.dtype == .int8 || tensor.dtype == .uint8 else {
        return nil
      }
      return tensor.integers()
    }
  }

  @Test(arguments: names) func resultsStay(_ name: String) throws {
    let (before, after) = (try Self.result(Self.original(name), name), try Self.result(Self.folded(name).graph, name))
    try expectLikeness(before, after, 0.9999)
    try expectLikeness(try Self.tensor(name, "output_0", .float32), after, 0.9995)
  }

  /// Their factors and roundings are kept, not only their mathematics.
  @Test(arguments: names.filter { $0.hasPrefix("qop") }) func operatorsOfQuantizedProductsKeepTheirBits(_ name: String)
    throws
  {
    #expect(try Self.result(Self.original(name), name) == Self.result(Self.folded(name).graph, name))
  }

  @Test(arguments: names) func theFoldedModelGoesBackToONNX(_ name: String) throws {
    let graph = try Self.folded(name).graph
    var bytes: [UInt8] = []
    try ONNXExporter().write(Model(graph: graph)) { bytes.append(contentsOf: $0) }
    let path = NSTemporaryDirectory() + "lathe-qdq-\(name)-\(UUID().uuidString).onnx"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let back = try ONNXImporter().importModel(at: path).model.graph
    #expect(!back.order.contains { back[$0].op.name.domain == "lathe" })
    try expectLikeness(try Self.result(graph, name), try Self.result(back, name), 0.9999)
  }
}
