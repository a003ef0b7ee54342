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

  /// A folder with the case's model and a vocabulary.
  private static func folder(_ words: [String], _ name: String = "bert-sequence-classification") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(data)/\(name)/\(file)", toPath: folder.file(file))
    }
    try folder.write("vocab.txt", words.joined(separator: "\n").utf8)
    return folder
  }

  @Test func headsGoIntoDumps() throws {
    let folder = try TemporaryFolder()
    let (dump, model) = (folder.file("d.json"), folder.file("m.lathe"))
    let first = try LatheProcess(["convert", "\(Self.data)/bert-pooled", "-o", dump, "--head", "pooled"])
    #expect(first.status == 0, "\(first.errors)")
    let second = try LatheProcess(["convert", dump, "-o", model])
    #expect(second.status == 0, "\(second.errors)")
    let summary = try LatheProcess(["inspect", model])
    #expect(summary.output.contains("pooler_output"), "\(summary.output)")
  }

  @Test func labelsGoIntoDumpsAndAreCounted() throws {
    let folder = try TemporaryFolder()
    let (dump, source) = (folder.file("d.json"), "\(Self.data)/bert-sequence-classification")
    let labels = try folder.write("labels.txt", "red\ngreen\nblue\n".utf8)
    let run = try LatheProcess(["convert", source, "-o", dump, "--labels", labels])
    #expect(run.status == 0, "\(run.errors)")
    let summary = try LatheProcess(["inspect", dump])
    #expect(summary.output.contains("red, green, blue"), "\(summary.output)")
    try folder.write("labels.txt", "red\ngreen\n".utf8)
    for input in [source, dump, CommandLineTests.model] {
      let refused = try LatheProcess(["convert", input, "-o", folder.file("m.lathe"), "--labels", labels])
      #expect(refused.status == 65 && refused.errors.contains("labels/count"), "\(input): \(refused.errors)")
    }
  }

  /// Samples are made no longer than the model has positions, with or without a vocabulary.
  @Test func theBoundOnTokensIsKept() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.lathe")
    let run = try LatheProcess(["convert", "\(Self.data)/bert-token-classification", "-o", model])
    #expect(run.status == 0, "\(run.errors)")
    let verification = try LatheProcess(["verify", model, model])
    #expect(verification.status == 0, "\(verification.errors)")
  }

  @Test func aVocabularyIsReadAsItsConfigurationSays() throws {
    let folder = try Self.folder(["<pad>", "<unk>", "<s>", "</s>", "e", "é", "漢", "##字"])
    func scores(_ text: String, _ settings: String) throws -> String {
      try folder.write("tokenizer_config.json", settings.utf8)
      let outside = try TemporaryFolder()
      let run = try LatheProcess(["convert", folder.path, "-o", outside.file("m.lathe")])
      #expect(run.status == 0 && !run.errors.contains("warning"), "\(run.errors)")
      let answer = try LatheProcess(["run", outside.file("m.lathe"), "--text", text, "--json"])
      #expect(answer.status == 0, "\(answer.errors)")
      let json = try answer.json()["predictions"] as? [[String: Any]]
      return "\(try #require(json?.first)["probability"] ?? "")"
    }
    let tokens = #""cls_token": "<s>", "sep_token": {"content": "</s>"}, "unk_token": "<unk>", "pad_token": "<pad>""#
    let plain = try scores("e", "{\(tokens)}")
    #expect(try scores("é", "{\(tokens)}") == plain)
    #expect(try scores("é", #"{"strip_accents": false, \#(tokens)}"#) != plain)
    let apart = try scores("漢字", "{\(tokens)}")
    #expect(try scores("漢字", #"{"tokenize_chinese_chars": false, \#(tokens)}"#) != apart)
  }

  @Test(
    arguments: [
      (#"{"do_basic_tokenize": false}"#, 0, "do_basic_tokenize"), (#"{"never_split": ["a"]}"#, 0, "never_split"),
      (#"{"tokenizer_class": "BertJapaneseTokenizer"}"#, 0, "tokenizer_class"),
      (#"{"added_tokens_decoder": {"8": {"content": "[NEW]"}}}"#, 0, "added_tokens_decoder"),
      (#"{"do_lower_case": "false"}"#, 65, "do_lower_case"), (#"{"cls_token": 1}"#, 65, "cls_token"),
      (#"{"sep_token": "[NONE]"}"#, 65, "sep_token"), ("[1]", 65, "an array"), ("{bad", 65, "json/"),
    ] as [(String, Int32, String)])
  func whatATokenizersConfigurationCannotBeIsSaid(settings: String, status: Int32, message: String) throws {
    let folder = try Self.folder(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "A"])
    try folder.write("tokenizer_config.json", settings.utf8)
    let outside = try TemporaryFolder()
    let run = try LatheProcess(["convert", folder.path, "-o", outside.file("m.lathe")])
    #expect(run.status == status && run.errors.contains(message), "\(run.errors)")
  }

  /// Nobody writes into them: reading would never end.
  @Test(arguments: ["tokenizer.json", "vocab.txt", "tokenizer_config.json"]) func pipesInFoldersAreRefused(name: String) throws {
    let folder = try Self.folder(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    if name == "vocab.txt" { try FileManager.default.removeItem(atPath: folder.file(name)) }
    #expect(mkfifo(folder.file(name), 0o600) == 0)
    let outside = try TemporaryFolder()
    let run = try LatheProcess(["convert", folder.path, "-o", outside.file("m.lathe")])
    #expect(run.status == 65 && run.errors.contains("file/not-regular"), "\(run.errors)")
  }

  @Test func textsThatAreNoDumpsAreNotTakenForModels() throws {
    let folder = try TemporaryFolder()
    for (start, id) in [("\u{FEFF}{", "weights/encoding"), ("[{", "json/"), ("/* a dump */ {", "json/")] {
      let path = try folder.write("d.json", "\(start)\"format\": \"lathe-weights/1\"}".utf8)
      let run = try LatheProcess(["convert", path, "-o", folder.file("m.lathe")])
      #expect(run.status == 65 && run.errors.contains(id) && run.errors.contains("d.json:1:"), "\(run.errors)")
    }
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
