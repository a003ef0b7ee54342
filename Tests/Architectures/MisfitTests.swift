import LatheArchitectures
import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheTensors
import LatheTestSupport
import LatheWeightDumps
import OrderedCollections
import Testing

/// Checkpoints whose tensors and configuration do not belong together.
@Suite struct MisfitTests {
  static func checkpoint(_ name: String = "bert-sequence-classification") throws -> Checkpoint {
    try CheckpointFolder().read("\(ArchitectureTests.data)/\(name)")
  }

  static func refusal(_ checkpoint: Checkpoint, head: Head? = nil) -> Diagnostic? {
    do throws(Diagnostic) {
      _ = try ArchitectureCatalog().model(of: checkpoint, head: head)
      return nil
    } catch {
      return error
    }
  }

  static func changed(_ key: String, _ value: JSONValue?, _ name: String = "bert-sequence-classification") throws
    -> Checkpoint
  {
    var checkpoint = try checkpoint(name)
    var config = try #require(checkpoint.config.objectValue)
    config[key] = value
    checkpoint.config = .object(config)
    return checkpoint
  }

  @Test func everythingThatDoesNotFitIsToldAtOnce() throws {
    var checkpoint = try Self.checkpoint()
    let query = "bert.encoder.layer.0.attention.self.query.weight"
    checkpoint.tensors["another"] = checkpoint.tensors.removeValue(forKey: query)
    checkpoint.tensors["classifier.bias"] = try Tensor([Float(1), 2], shape: [2])
    checkpoint.tensors.removeValue(forKey: "bert.pooler.dense.bias")
    let diagnostic = try #require(Self.refusal(checkpoint))
    #expect(diagnostic.id == "architecture/tensors" && diagnostic.category == .invalidInput)
    #expect(diagnostic.message.contains("2 missing, 1 of another shape, 1 left over"))
    #expect(diagnostic.notes.contains { $0.contains("encoder.layer.0.attention.self.query.weight: f32[8, 8]") })
    #expect(diagnostic.notes.contains { $0.contains("pooler.dense.bias") })
    #expect(diagnostic.notes.contains { $0.contains("classifier.bias is f32[2], not f32[3]") })
    #expect(diagnostic.notes.contains { $0 == "left over: another" })
  }

  @Test func tensorsThatNothingUsesAreAWarning() throws {
    var checkpoint = try Self.checkpoint()
    checkpoint.tensors["another"] = try Tensor([Float(1)], shape: [1])
    let made = try ArchitectureCatalog().model(of: checkpoint)
    #expect(made.warnings.map(\.id) == ["architecture/left-over"] && made.warnings[0].notes == ["another"])
  }

  @Test(
    arguments: [
      ("hidden_size", nil), ("hidden_size", 0), ("hidden_size", .integer(-8)), ("hidden_size", 8.5),
      ("hidden_size", "8"), ("hidden_size", .integer(1 << 40)),
      ("num_attention_heads", 3), ("num_hidden_layers", 1_000_000_000), ("num_hidden_layers", .integer(-1)),
      ("hidden_act", "mish"),
      ("vocab_size", nil), ("layer_norm_eps", .integer(-1)), ("pad_token_id", 24), ("id2label", ["0": "a", "2": "b"]),
      ("num_labels", 7),
      ("head", "no such head"),
    ] as [(String, JSONValue?)])
  func configurationsThatMakeNoModelAreRefused(key: String, value: JSONValue?) throws {
    let diagnostic = try #require(Self.refusal(try Self.changed(key, value)))
    #expect(diagnostic.category == .invalidInput && diagnostic.id.hasPrefix("architecture/"), "\(diagnostic)")
  }

  @Test(arguments: ["hidden_size", "vocab_size", "intermediate_size", "max_position_embeddings", "num_hidden_layers"])
  func greatExtentsCostNothing(key: String) throws {
    let diagnostic = try #require(
      Self.refusal(try Self.changed(key, .integer(key == "num_hidden_layers" ? 1000 : 1 << 30))))
    #expect(diagnostic.id == "architecture/tensors")
    #expect(diagnostic.notes.count < 100)
  }

  @Test func unknownArchitecturesAreNamed() throws {
    var checkpoint = try Self.changed("model_type", "brt")
    checkpoint.architecture = "BrtModel"
    let diagnostic = try #require(Self.refusal(checkpoint))
    #expect(diagnostic.id == "architecture/unknown" && diagnostic.fix == "did you mean bert?")
  }

  @Test func headsThatNoTensorsAreThereForAreRefused() throws {
    let diagnostic = try #require(Self.refusal(try Self.checkpoint(), head: .questionAnswering))
    #expect(diagnostic.id == "architecture/tensors" && diagnostic.notes.contains { $0.contains("qa_outputs.weight") })
  }

  @Test func halfPrecisionIsWidened() throws {
    let expectation = try ArchitectureTests.Expectation("bert-sequence-classification")
    var checkpoint = try Self.checkpoint()
    for (name, tensor) in checkpoint.tensors {
      checkpoint.tensors[name] = try Tensor(
        try #require(tensor.elements(as: Float.self)).map { Double($0) }, shape: tensor.shape)
    }
    try ArchitectureTests.compare(try ArchitectureCatalog().model(of: checkpoint).model.graph, expectation)
    checkpoint.tensors["classifier.bias"] = try Tensor([Float16(1), 2, 3], shape: [3])
    let graph = try ArchitectureCatalog().model(of: checkpoint).model.graph
    #expect(graph.constant(graph.value(named: "classifier.bias"))?.elements(as: Float.self) == [1, 2, 3])
  }
}
