import Foundation
import LatheTestSupport
import Testing

/// `--vocab` with a `tokenizer.json`, and `bench --texts`.
@Suite struct TokenizerFileTests {
  private static let vocabulary = "\(CommandLineTests.example)/vocab.txt"

  /// The example's vocabulary as a `tokenizer.json` with one text replaced.
  private static func tokenizer(_ folder: TemporaryFolder, _ old: String = "", _ new: String = "") throws -> String {
    let lines = try String(contentsOfFile: vocabulary, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    var vocab: [String: Int] = [:]
    for (id, line) in lines.enumerated() where !line.isEmpty { vocab[String(line)] = id }
    let specials = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"].map { token in
      """
      {"id":\(vocab[token] ?? -1),"content":"\(token)","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,\
      "special":true}
      """
    }
    let tokens = String(decoding: try JSONSerialization.data(withJSONObject: vocab), as: UTF8.self)
    let text = """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[\(specials.joined(separator: ","))],\
      "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},\
      "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",\(vocab["[SEP]"] ?? -1)],\
      "cls":["[CLS]",\(vocab["[CLS]"] ?? -1)]},"decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]",\
      "continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":\(tokens)}}
      """
    return try folder.write("any-name", Array(text.replacing(old, with: new).utf8))
  }

  @Test func aTokenizerServesLikeItsVocabulary() throws {
    let folder = try TemporaryFolder()
    var predictions: [String] = []
    for (index, file) in [Self.vocabulary, try Self.tokenizer(folder)].enumerated() {
      let model = folder.file("model-\(index).lathe")
      let conversion = try LatheProcess(["convert", CommandLineTests.model, "-o", model, "--vocab", file])
      #expect(conversion.status == 0, "\(conversion.errors)")
      let run = try LatheProcess(["run", model, "--text", "Python bindings for Ünïcödé — [SEP] 漢字", "--json"])
      #expect(run.status == 0, "\(run.errors)")
      predictions.append(run.output.replacing("model-\(index)", with: "model"))
    }
    #expect(predictions[0] == predictions[1])
  }

  @Test func whatATokenizerCannotBeIsSaid() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.lathe")
    for (old, new, flags, status, message) in [
      ("\"WordPiece\"", "\"BPE\"", [], 65 as Int32, "model.type is \"BPE\", which is not supported"),
      ("\"max_input_chars_per_word\":100,", "", [], 65, "model.max_input_chars_per_word is missing"),
      ("", "", ["--cased"], 64, "--cased contradicts the tokenizer.json"),
    ] {
      let file = try Self.tokenizer(folder, old, new)
      let run = try LatheProcess(["convert", CommandLineTests.model, "-o", model, "--vocab", file] + flags)
      #expect(run.status == status && run.errors.contains(message), "\(run.errors)")
    }
  }

  @Test func aCandidatesTokenizerKeepsTheModelsBound() throws {
    let folder = try TemporaryFolder()
    let (model, tokenizer) = (folder.file("short.lathe"), try Self.tokenizer(folder))
    let text = String(repeating: "Python bindings ", count: 40)
    let samples = try folder.write("samples.jsonl", Array("{\"text\": \"\(text)\"}\n".utf8))
    let conversion = try LatheProcess([
      "convert", CommandLineTests.model, "-o", model, "--vocab", Self.vocabulary, "--pass", "vocabulary/trim-positions:maximum-length=16",
    ])
    #expect(conversion.status == 0, "\(conversion.errors)")
    let run = try LatheProcess(["verify", model, model, "--samples", samples, "--candidate-vocab", tokenizer])
    #expect(run.status == 0, "\(run.output) \(run.errors)")
  }

  @Test func tokenizersAreTimed() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try CommandLineTests.converted(folder, lines: 30)
    var tokens: Set<Int> = []
    for file in [model, Self.vocabulary, try Self.tokenizer(folder)] {
      let run = try LatheProcess(["bench", file, "--texts", samples, "--seconds", "0.01", "--threads", "2", "--json"])
      #expect(run.status == 0, "\(run.errors)")
      let report = try run.json()
      #expect(report["texts"] as? Int == 30 && report["median_us"] as? Double ?? 0 > 0)
      tokens.insert(try #require(report["tokens"] as? Int))
    }
    #expect(tokens.count == 1)
    let table = try LatheProcess(["bench", Self.vocabulary, "--texts", samples, "--seconds", "0.01"])
    #expect(table.status == 0 && table.output.contains("µs a text"))
    for (arguments, status) in [
      (["bench", model, "--texts", samples, "--profile"], 64 as Int32), (["bench", CommandLineTests.model, "--texts", samples], 65),
      (["bench", model, "--texts", "nowhere.txt"], 66), (["bench", model, "--texts", CommandLineTests.model], 65),
    ] {
      #expect(try LatheProcess(arguments).status == status, "\(arguments)")
    }
  }
}
