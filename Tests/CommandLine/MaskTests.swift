import Foundation
import LatheTestSupport
import Testing

/// From a BERT that movement sparsity has masked to a small model in INT8, by NNCF's configuration.
@Suite struct MaskTests {
  private static let model = Repository.path("Tests/Passes/Masked/models/bert-jpqd-torchscript-eager-14")
  private static let configuration = """
    {
      "input_info": [{"sample_size": [1, 128], "type": "long"}],
      "compression": [
        {"algorithm": "movement_sparsity",
         "params": {"warmup_start_epoch": 1, "warmup_end_epoch": 4, "importance_regularization_factor": 0.01},
         "sparse_structure_by_scopes": [
           {"mode": "block", "sparse_factors": [8, 8], "target_scopes": "{re}.*BertAttention.*"},
           {"mode": "per_dim", "axis": 0, "target_scopes": "{re}.*BertIntermediate.*"},
           {"mode": "per_dim", "axis": 1, "target_scopes": "{re}.*BertOutput.*"}],
         "ignored_scopes": ["{re}.*NNCFEmbedding", "{re}.*pooler.*"]},
        {"algorithm": "knowledge_distillation", "type": "softmax"},
        {"algorithm": "quantization", "initializer": {"range": {"num_init_samples": 32, "type": "mean_min_max"}}}
      ]
    }
    """

  @Test func aConfigurationOfJointPruningAndQuantizationMakesAQuarterOfTheBytes() throws {
    let folder = try TemporaryFolder()
    let recipe = try folder.write("jpqd.json", Array(Self.configuration.utf8))
    let page = folder.file("ledger.html")
    let run = try LatheProcess([
      "convert", "\(Self.model)/model.onnx", "-o", folder.file("small.lathe"), "--recipe", recipe, "--samples", Self.model, "--report", page, "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("sparse_structure_by_scopes has no meaning after training"))
    let ledger = try #require(try run.json()["ledger"] as? [[String: Any]])
    let steps = ledger.compactMap { $0["step"] as? String }
    let (masks, fusion, quantization) = (
      steps.firstIndex(of: "structure/resolve-masks"), steps.lastIndex(of: "fuse/attention"), steps.firstIndex(of: "quantize/int8")
    )
    #expect(try #require(masks) < #require(fusion) && #require(fusion) < #require(quantization), "\(steps)")
    let resolved = ledger[try #require(masks)]
    #expect(resolved["done"] as? Int == 4 && (resolved["notes"] as? [String])?.contains { $0.hasPrefix("gone: 192 of the 256 indices") } == true)
    let bytes = ledger.compactMap { $0["bytes"] as? Int }
    #expect(try #require(bytes.first) >= 4 * #require(bytes.last), "\(bytes)")
    let drift = try #require(ledger.last?["total_drift"] as? [String: Any])
    #expect(try #require(drift["min_cosine"] as? Double) > 0.99 && drift["agreement"] as? Double == 1)
    let text = String(decoding: try folder.bytes("ledger.html"), as: UTF8.self)
    #expect(text.contains("structure/resolve-masks") && text.contains("quantize/int8") && text.contains("gone: 192 of the 256 indices"))
  }

  @Test func theOptionsOfThePassAreListed() throws {
    let run = try LatheProcess(["passes", "structure/resolve-masks"])
    #expect(run.status == 0 && ["nncf-rule", "ignore", "only", "same mathematics"].allSatisfy { run.output.contains($0) }, "\(run.output)\(run.errors)")
  }
}
