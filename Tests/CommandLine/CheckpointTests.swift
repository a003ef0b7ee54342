import Foundation
import LatheTestSupport
import Testing

/// Folders and dumps of weights as inputs, dumps as outputs.
@Suite struct CheckpointTests {
  static let data = Repository.path("Tests/Architectures/Data")

  /// The case's inputs as a line of samples.
  static func samples(_ name: String, in folder: TemporaryFolder) throws -> String {
    let json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: "\(data)/\(name)/case.json")))
      as? [String: Any]
    let inputs = try #require(json?["inputs"] as? [String: [String: Any]])
    var rows: [String: Any] = [:]
    for (key, value) in inputs {
      let (all, extent) = (try #require(value["data"] as? [Int]), try #require((value["shape"] as? [Int])?.last))
      rows[key] = Array(all.prefix(extent))
    }
    let line = String(decoding: try JSONSerialization.data(withJSONObject: rows), as: UTF8.self)
    return try folder.write("samples.jsonl", (line + "\n").utf8)
  }

  @Test func foldersAndDumpsGiveTheSameModel() throws {
    let folder = try TemporaryFolder()
    let source = "\(Self.data)/bert-sequence-classification"
    let samples = try Self.samples("bert-sequence-classification", in: folder)
    for arguments in [
      [source, "-o", folder.file("a.lathe")], [source, "-o", folder.file("dump.json")],
      [folder.file("dump.json"), "-o", folder.file("b.lathe")],
      [source, "-o", folder.file("graph.json"), "--recipe", "fuse"],
      [folder.file("graph.json"), "-o", folder.file("c.lathe")],
      [source, "-o", folder.file("model.onnx")],
    ] {
      let run = try LatheProcess(["convert"] + arguments)
      #expect(run.status == 0, "\(arguments): \(run.errors)")
    }
    for other in ["b.lathe", "c.lathe", "model.onnx"] {
      let run = try LatheProcess([
        "verify", folder.file("a.lathe"), folder.file(other), "--samples", samples, "--max-abs", "1e-5",
      ])
      #expect(run.status == 0, "\(other): \(run.output)\(run.errors)")
    }
    let summary = try LatheProcess(["inspect", folder.file("dump.json")])
    #expect(
      summary.status == 0 && summary.output.contains("dump of a checkpoint") && summary.output.contains("labels"),
      "\(summary.output)")
  }

  @Test func vocabularyAndLabelsComeAlong() throws {
    let folder = try TemporaryFolder()
    let source = "\(Self.data)/bert-sequence-classification"
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: folder.file(name))
    }
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "A"]
    try folder.write("vocab.txt", words.joined(separator: "\n").utf8)
    try folder.write("tokenizer_config.json", #"{"do_lower_case": false}"#.utf8)
    let outside = try TemporaryFolder()
    let model = outside.file("m.lathe")
    let run = try LatheProcess(["convert", folder.path, "-o", model])
    #expect(run.status == 0, "\(run.errors)")
    let answer = try LatheProcess(["run", model, "--text", "a A b", "--json"])
    #expect(answer.status == 0 && answer.output.contains("LABEL_"), "\(answer.output)\(answer.errors)")
    let long = try LatheProcess(["run", model, "--text", Array(repeating: "a", count: 200).joined(separator: " ")])
    #expect(long.status == 0, "\(long.errors)")
    try folder.write("vocab.txt", (words + (0..<30).map { "w\($0)" }).joined(separator: "\n").utf8)
    let refused = try LatheProcess(["convert", folder.path, "-o", model])
    #expect(refused.status == 65 && refused.errors.contains("weights/vocabulary"), "\(refused.errors)")
  }

  /// The folder of minilm with its weights, which may lie in $LATHE_MINILM.
  private static let minilm =
    ProcessInfo.processInfo.environment["LATHE_MINILM"] ?? Repository.path("../shared/models/minilm")

  @Test(
    .enabled("needs minilm's weights: ../shared/models/minilm/fetch.sh") {
      FileManager.default.fileExists(atPath: "\(minilm)/config.json")
    })
  func aRealFolderComputesWhatItsExportDoes() throws {
    let folder = try TemporaryFolder()
    let texts = ["The quick brown fox jumps over the lazy dog.", "Small.", "How are weights without a graph turned into one?"]
    let lines = texts.map { "{\"text\": \"\($0)\"}\n" }.joined()
    let samples = try folder.write("samples.jsonl", lines.utf8)
    let run = try LatheProcess([
      "verify", "\(Self.minilm)/model.onnx", Self.minilm, "--samples", samples, "--max-abs", "1e-5",
    ])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
  }

  @Test func faultsHaveTheirExitCodes() throws {
    let folder = try TemporaryFolder()
    let out = folder.file("m.lathe")
    func status(_ arguments: [String]) throws -> (Int32, String) {
      let run = try LatheProcess(["convert"] + arguments + ["-o", out])
      return (run.status, run.errors)
    }
    let empty = try TemporaryFolder()
    #expect(try status([empty.path]).0 == 65)
    let broken = try folder.write(
      "broken.json",
      #"{"format": "lathe-weights/1", "tensors": {"w": {"dtype": "f32", "shape": [1], "data": [NaN]}}}"#.utf8)
    let (code, message) = try status([broken])
    #expect(code == 65 && message.contains("json/literal") && message.contains("1:"), "\(message)")
    #expect(try status(["\(CommandLineTests.example)/model.onnx", "--head", "none"]).0 == 64)
    #expect(try status([folder.file("none.json")]).0 == 66)
    #expect(!FileManager.default.fileExists(atPath: out))
  }
}
