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
      ("is_decoder", true), ("is_decoder", "yes"), ("add_cross_attention", true),
      ("position_embedding_type", "relative_key"), ("position_embedding_type", "relative_key_query"),
    ] as [(String, JSONValue?)])
  func configurationsThatMakeNoModelAreRefused(key: String, value: JSONValue?) throws {
    let diagnostic = try #require(Self.refusal(try Self.changed(key, value)))
    #expect(diagnostic.category == .invalidInput && diagnostic.id.hasPrefix("architecture/"), "\(diagnostic)")
    if key == "is_decoder" || key == "add_cross_attention" || key == "position_embedding_type" {
      #expect(diagnostic.message.contains(key))
    }
  }

  /// What other types say, on a checkpoint of one of them that is sound.
  @Test(
    arguments: [
      ("albert-pooled", "inner_group_num", 251), ("mpnet-pooled", "relative_attention_num_buckets", 16),
      ("roberta-pooled", "max_position_embeddings", 2), ("electra-none", "is_decoder", true),
      ("roberta-masked-lm", "is_decoder", true), ("ernie-pooled", "position_embedding_type", "relative_key"),
    ] as [(String, String, JSONValue)])
  func valuesThatTheLibraryCannotComputeWithAreRefused(name: String, key: String, value: JSONValue) throws {
    let diagnostic = try #require(Self.refusal(try Self.changed(key, value, name)))
    #expect(diagnostic.id == "architecture/config" && diagnostic.message.contains(key), "\(diagnostic)")
  }

  @Test func layersThatTheConfigurationDoesNotCountAreRefused() throws {
    let diagnostic = try #require(Self.refusal(try Self.changed("num_hidden_layers", 1)))
    #expect(diagnostic.id == "architecture/tensors")
    #expect(diagnostic.message.contains("0 missing, 0 of another shape, 16 left over"), "\(diagnostic.message)")
    #expect(diagnostic.notes.contains("left over: bert.encoder.layer.1.output.dense.weight"))
    var checkpoint = try Self.checkpoint("distilbert-none")
    checkpoint.tensors["embeddings.more"] = try Tensor([Float(1)], shape: [1])
    #expect(Self.refusal(checkpoint)?.notes == ["left over: embeddings.more"])
    checkpoint = try Self.checkpoint("paddle-lstm-forward-2-max")
    var config = try #require(checkpoint.config.objectValue)
    config["num_layers"] = 1
    checkpoint.config = .object(config)
    #expect(Self.refusal(checkpoint)?.id == "architecture/tensors")
  }

  @Test func buffersThatFollowFromTheConfigurationArePassedOver() throws {
    var checkpoint = try Self.checkpoint()
    checkpoint.tensors["bert.embeddings.position_ids"] = try Tensor([Int64(0), 1], shape: [1, 2])
    #expect(try ArchitectureCatalog().model(of: checkpoint).warnings.isEmpty)
  }

  @Test func tensorsThatAreStoredTwiceAreTheSame() throws {
    var checkpoint = try Self.checkpoint()
    let name = "embeddings.LayerNorm.bias"
    checkpoint.tensors[name] = checkpoint.tensors["bert." + name]
    #expect(try ArchitectureCatalog().model(of: checkpoint).warnings.isEmpty)
    checkpoint.tensors[name] = try Tensor([Float](repeating: 0, count: 8), shape: [8])
    let diagnostic = try #require(Self.refusal(checkpoint))
    #expect(diagnostic.message.contains("1 stored twice and not the same"), "\(diagnostic)")
    #expect(diagnostic.notes == ["bert.\(name) is not what \(name) is"])
  }

  @Test(arguments: [("BertModel", "ernie_ctm"), ("ErnieCtmModel", ""), ("BertGenerationEncoder", ""), ("BiLSTMAttentionModel", "")])
  func typesAreNotGuessedByHowTheirNameStarts(className: String, type: String) throws {
    var checkpoint = try Self.changed("model_type", type.isEmpty ? nil : .string(type))
    checkpoint.architecture = className
    #expect(Self.refusal(checkpoint)?.id == "architecture/unknown")
  }

  @Test func aClassAloneNamesItsType() throws {
    let checkpoint = try Self.changed("model_type", nil)
    #expect(try ArchitectureCatalog().model(of: checkpoint).model.graph.outputs.count == 1)
    let joint = try Self.changed("model_type", nil, "paddle-ernie-intent-slots")
    #expect(try ArchitectureCatalog().model(of: joint).model.graph.outputs.count == 2)
  }

  @Test(arguments: ["BertLMHeadModel", "BertForCausalLM", "GPT2DoubleHeadsModel", "MyBertModel"])
  func headsAreNotGuessed(className: String) throws {
    var checkpoint = try Self.checkpoint("bert-masked-lm")
    checkpoint.architecture = className
    #expect(Self.refusal(checkpoint)?.id == "architecture/head")
    #expect(Self.refusal(checkpoint, head: .maskedLanguageModel) == nil)
  }

  @Test func aDecoderThatIsNotTiedHasATable() throws {
    var checkpoint = try Self.checkpoint("bert-masked-lm-untied")
    checkpoint.tensors.removeValue(forKey: "cls.predictions.decoder.weight")
    let diagnostic = try #require(Self.refusal(checkpoint))
    #expect(diagnostic.notes.contains { $0.hasPrefix("missing: cls.predictions.decoder.weight") }, "\(diagnostic)")
  }

  /// The bias that is not added is told of where it is another one.
  @Test func biasesThatDifferAreNoCopies() throws {
    var checkpoint = try Self.checkpoint("bert-masked-lm-untied")
    let warnings = try ArchitectureCatalog().model(of: checkpoint).warnings
    #expect(warnings.map(\.notes) == [["cls.predictions.bias"]])
    checkpoint.tensors["cls.predictions.bias"] = checkpoint.tensors["cls.predictions.decoder.bias"]
    #expect(try ArchitectureCatalog().model(of: checkpoint).warnings.isEmpty)
  }

  /// ALBERT's activation where nothing says is another one in each library.
  @Test(arguments: ["albert-pooled", "paddle-albert-pooled", "bert-pooled"])
  func activationsHaveTheLibrarysDefault(name: String) throws {
    let checkpoint = try Self.changed("hidden_act", nil, name)
    let expectation = try ArchitectureTests.Expectation(name)
    let made = try ArchitectureCatalog().model(of: checkpoint, head: expectation.head)
    try ArchitectureTests.compare(made.model.graph, expectation)
  }

  @Test func activationsHaveFurtherNames() throws {
    let expectation = try ArchitectureTests.Expectation("albert-pooled")
    let same = try Self.changed("hidden_act", "gelu_python_tanh", "albert-pooled")
    try ArchitectureTests.compare(
      try ArchitectureCatalog().model(of: same, head: .pooled).model.graph, expectation)
    let linear = try Self.changed("hidden_act", "linear", "albert-pooled")
    #expect(Self.refusal(linear, head: .pooled) == nil)
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
