import LatheDiagnostics
import LatheJSON
import LathePassKit
import LatheRecipes
import OrderedCollections
import Testing

@Suite struct NNCFConfigurationTests {
  static func read(_ text: String) throws(Diagnostic) -> RecipeReader.Reading {
    try RecipeReader(named: []).read(Array(text.utf8), path: "nncf.json")
  }

  /// The configuration that NNCF documents for BERT, joint pruning, quantization and distillation.
  static let jpqd = """
    {
      "input_info": [{"sample_size": [1, 128], "type": "long"}],
      "log_dir": "out",
      "compression": [
        {"algorithm": "movement_sparsity",
         "params": {"warmup_start_epoch": 1, "warmup_end_epoch": 4,
                    "importance_regularization_factor": 0.01, "enable_structured_masking": true},
         "sparse_structure_by_scopes": [
           {"mode": "block", "sparse_factors": [32, 32], "target_scopes": "{re}.*BertAttention.*"},
           {"mode": "per_dim", "axis": 0, "target_scopes": "{re}.*BertIntermediate.*"}],
         "ignored_scopes": ["{re}.*NNCFEmbedding", "{re}.*pooler.*"]},
        {"algorithm": "quantization", "preset": "mixed",
         "initializer": {"range": {"num_init_samples": 32, "type": "percentile"}},
         "weights": {"mode": "symmetric", "bits": 8}, "activations": {"mode": "symmetric"},
         "ignored_scopes": ["{re}.*LayerNorm.*"]}
      ]
    }
    """

  @Test func jointPruningAndQuantizationBecomeTwoPasses() throws {
    let reading = try Self.read(Self.jpqd)
    #expect(reading.recipe.steps.map(\.id.rawValue) == ["structure/resolve-masks", "quantize/int8"])
    #expect(reading.recipe.steps[0].options["nncf-rule"] == true)
    #expect(reading.recipe.steps[0].options["ignore"] == ["{re}.*NNCFEmbedding", "{re}.*pooler.*"])
    #expect(reading.recipe.steps[1].options["calibrator"] == "hist")
    #expect(reading.recipe.steps[1].options["ignore"] == ["{re}.*LayerNorm.*"])
  }

  @Test func passesFindTheGraphThatTheyNeedInWhateverOrderTheAlgorithmsStand() throws {
    let named = [Recipe(name: "simplify", summary: "", passes: ["simplify/fold-constants"]), Recipe(name: "fuse", summary: "", passes: ["fuse/activation"])]
    let text = #"{"compression": [{"algorithm": "quantization"}, {"algorithm": "movement_sparsity"}]}"#
    let recipe = try RecipeReader(named: named).read(Array(text.utf8), path: "nncf.json").recipe
    let wanted = ["simplify/fold-constants", "structure/resolve-masks", "fuse/activation", "quantize/int8"]
    #expect(recipe.steps.map(\.id.rawValue) == wanted)
    // NNCF masks structures unless it is told not to.
    #expect(recipe.steps[1].options == ["nncf-rule": true])
    let off = #"{"algorithm": "movement_sparsity", "params": {"enable_structured_masking": false}}"#
    #expect(try Self.read(off).recipe.steps.isEmpty)
    #expect(try Self.read(off).warnings.contains { $0.message.contains("there is nothing to resolve") })
  }

  @Test func whatSpeaksOfTrainingIsReportedKeyByKey() throws {
    let warnings = try Self.read(Self.jpqd).warnings
    for key in [
      "input_info", "log_dir", "warmup_start_epoch", "warmup_end_epoch", "importance_regularization_factor",
      "sparse_structure_by_scopes", "preset", "num_init_samples",
    ] {
      #expect(warnings.contains { $0.message.hasPrefix("\(key) ") && $0.location.line != nil }, "\(key): \(warnings)")
    }
    #expect(warnings.allSatisfy { $0.severity == .warning })
  }

  @Test(arguments: [
    (#"{"algorithm": "quantisation"}"#, "did you mean quantization"),
    (#"{"algorithm": "quantization", "ignored_scope": []}"#, "did you mean ignored_scopes"),
    (#"{"algorithm": "quantization", "weights": {"mode": "asymmetric"}}"#, "symmetric"),
    (#"{"algorithm": "quantization", "weights": {"bits": 4}}"#, "8 bits"),
    (#"{"algorithm": "quantization", "initializer": {"range": {"type": "threesigma"}}}"#, "no calibrator"),
    (#"{"compression": {}}"#, "no key algorithm"),
    (#"{"compression": 3}"#, "is a mapping"),
    (#"{"algorithm": "movement_sparsity", "params": {"enable_structured_masking": 1}}"#, "true or false"),
    (#"{"algorithm": "movement_sparsity", "params": {"warmup_stop_epoch": 1}}"#, "warmup_st"),
    (#"{"algorithm": "movement_sparsity", "sparse_structure_by_scopes": [{"mode": "blocks", "target_scopes": "a"}]}"#, "did you mean block"),
    (#"{"algorithm": "movement_sparsity", "sparse_structure_by_scopes": [{"mode": "block", "target_scopes": "a"}]}"#, "two sparse_factors"),
    (#"{"algorithm": "movement_sparsity", "sparse_structure_by_scopes": [{"mode": "per_dim", "axis": 2, "target_scopes": "a"}]}"#, "0 or 1"),
    (#"{"algorithm": "movement_sparsity", "sparse_structure_by_scopes": [{"mode": "fine"}]}"#, "target_scopes"),
    (#"{"algorithm": "movement_sparsity", "sparse_structure_by_scopes": [{"mode": "fine", "target_scopes": 3}]}"#, "target_scopes is a text"),
    (#"{"algorithm": "movement_sparsity", "sparse_structure_by_scopes": [{"mode": "fine", "target": "a"}]}"#, "target_scopes"),
  ]) func whatCannotBeHadIsRefused(_ text: String, _ message: String) throws {
    let error = try #require(throws: Diagnostic.self) { try Self.read(text) }
    #expect("\(error.message) \(error.fix ?? "")".contains(message), "\(error)")
    #expect(error.location.line == 1)
  }
}
