import Foundation
import LatheArchitectures
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheJSON
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import LatheWeightDumps
import OrderedCollections
import Testing

/// Checkpoints of random weights, as transformers and PaddleNLP wrote and computed them (`make_checkpoints.py`).
@Suite struct ArchitectureTests {
  static let data = Repository.path("Tests/Architectures/Data")
  static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: data)) ?? []).filter { !$0.hasPrefix(".") }
    .sorted()

  /// What a library made of a checkpoint.
  struct Expectation {
    var head: Head?
    var inputs: [String: Tensor] = [:]
    var outputs: OrderedDictionary<String, Tensor> = [:]

    init(_ name: String) throws {
      let json = try JSONValue.parse(fileAt: "\(ArchitectureTests.data)/\(name)/case.json")
      head = Head(rawValue: json["head"]?.stringValue ?? "")
      for (key, value) in json["inputs"]?.objectValue ?? [:] { inputs[key] = try Self.integers(value) }
      for (key, value) in json["outputs"]?.objectValue ?? [:] { outputs[key] = try Self.floats(value) }
    }

    private static func shape(_ value: JSONValue) -> [Int] { (value["shape"]?.arrayValue ?? []).compactMap(\.intValue) }

    private static func integers(_ value: JSONValue) throws -> Tensor {
      try Tensor((value["data"]?.arrayValue ?? []).compactMap(\.intValue).map { Int64($0) }, shape: shape(value))
    }

    private static func floats(_ value: JSONValue) throws -> Tensor {
      try Tensor((value["data"]?.arrayValue ?? []).compactMap(\.doubleValue).map { Float($0) }, shape: shape(value))
    }
  }

  @Test func thereAreCasesOfEveryArchitectureAndHead() {
    #expect(Self.cases.count >= 70)
    for family in ["bert", "ernie", "roberta", "distilbert", "electra", "albert", "mpnet"] {
      for library in ["", "paddle-"] {
        for head in ["sequence-classification", "token-classification", "question-answering", "masked-lm"] {
          #expect(Self.cases.contains("\(library)\(family)-\(head)"))
        }
      }
    }
  }

  @Test(arguments: cases) func outputsAreThoseOfTheLibrary(name: String) throws {
    let expectation = try Expectation(name)
    let checkpoint = try CheckpointFolder().read("\(Self.data)/\(name)")
    let made = try ArchitectureCatalog().model(of: checkpoint, head: expectation.head)
    #expect(made.model.graph.outputs.map { made.model.graph[$0].name } == Array(expectation.outputs.keys))
    try Self.compare(made.model.graph, expectation)
  }

  @Test(arguments: cases) func passesFuseWhatTheyFuseOfExports(name: String) throws {
    let expectation = try Expectation(name)
    let checkpoint = try CheckpointFolder().read("\(Self.data)/\(name)")
    var graph = try ArchitectureCatalog().model(of: checkpoint, head: expectation.head).model.graph
    let attentions = graph.order.count(where: { graph[$0].op is Softmax })
    let recipe = try #require(Recipe.named.first { $0.name == "fuse" })
    var ledger = Ledger()
    try recipe.pipeline(from: .standard).run(on: &graph, ledger: &ledger, in: Pipeline.Surroundings())
    let fused = graph.order.count(where: { graph[$0].op is FusedAttention })
    let alone = graph.order.count(where: { graph[$0].op is MatMul })
    #expect(fused == attentions && alone == 0)
    try Self.compare(graph, expectation)
  }

  /// Most of a model's head is said by its class's name.
  @Test func theClassNamesItsHead() throws {
    for name in Self.cases where !name.contains("pooled") && !name.contains("electra-none") {
      let expectation = try Expectation(name)
      let checkpoint = try CheckpointFolder().read("\(Self.data)/\(name)")
      let model = try ArchitectureCatalog().model(of: checkpoint).model
      #expect(model.graph.outputs.map { model.graph[$0].name } == Array(expectation.outputs.keys), "\(name)")
    }
  }

  @Test(arguments: ["bert-sequence-classification", "paddle-ernie-intent-slots", "paddle-lstm-bidirect-2-max"])
  func dumpsAreReadBackAsTheyWere(name: String) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try CheckpointFolder().read("\(Self.data)/\(name)")
    try DumpWriter.write(checkpoint, to: folder.file("dump.json"))
    let back = try DumpReader().read(folder.file("dump.json"))
    #expect(back.architecture == checkpoint.architecture && back.config == checkpoint.config)
    #expect(back.tensors.keys == checkpoint.tensors.keys)
    for (key, tensor) in checkpoint.tensors { #expect(back.tensors[key] == tensor, "\(key)") }
  }

  @Test func graphsAreDumpedWithTheirText() throws {
    let folder = try TemporaryFolder()
    let expectation = try Expectation("ernie-sequence-classification")
    let checkpoint = try CheckpointFolder().read("\(Self.data)/ernie-sequence-classification")
    let model = try ArchitectureCatalog().model(of: checkpoint).model
    let labels = ["one", "two", "three"]
    try DumpWriter.write(try GraphCheckpoint.checkpoint(of: model.graph, labels: labels), to: folder.file("dump.json"))
    let back = try ArchitectureCatalog().model(of: try DumpReader().read(folder.file("dump.json"))).model
    #expect(GraphPrinter().print(back.graph) == GraphPrinter().print(model.graph) && back.text?.labels == labels)
    try Self.compare(back.graph, expectation)
  }

  static func compare(_ graph: Graph, _ expectation: Expectation) throws {
    let results = try Interpreter(graph).run(expectation.inputs)
    for (result, wanted) in zip(results, expectation.outputs) {
      #expect(result.shape == wanted.value.shape, "\(wanted.key)")
      let pairs = zip(try #require(result.doubles()), try #require(wanted.value.doubles()))
      let worst = pairs.map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < 1e-4, "\(wanted.key) differs by \(worst)")
    }
  }
}
