import Foundation
import LatheTestSupport
import Testing

/// Vocabularies that are cut, from texts to files.
@Suite struct VocabularyTests {
  private static let example = Repository.path("Examples/debian-sections")
  private static let text = ["--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json"]

  /// The lines of dev.jsonl in one language.
  private static func lines(_ folder: TemporaryFolder, _ language: String, _ count: Int) throws -> String {
    let lines = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n")
      .filter { $0.contains("\"lang\": \"\(language)\"") || $0.contains("\"lang\":\"\(language)\"") }
    return try folder.write("\(language).jsonl", Array((lines.prefix(count).joined(separator: "\n") + "\n").utf8))
  }

  private static func convert(_ folder: TemporaryFolder, _ name: String, _ arguments: [String]) throws -> LatheProcess {
    try LatheProcess(["convert", "\(example)/model.onnx", "-o", folder.file(name)] + text + arguments)
  }

  @Test func textsWhoseTokensAreKeptGiveTheSameBits() throws {
    let folder = try TemporaryFolder()
    let (english, german) = (try Self.lines(folder, "en", 24), try Self.lines(folder, "de", 8))
    let run = try Self.convert(
      folder, "trimmed.lathe", ["--pass", "vocabulary/trim:held-out=0", "--corpus", english, "--samples", english, "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("24 of 24 samples are read as before: their outputs are the same to the last bit"))
    let covered = try LatheProcess(
      ["verify", "\(Self.example)/model.onnx", folder.file("trimmed.lathe"), "--samples", english, "--max-abs", "0", "--json"] + Self.text)
    #expect(covered.status == 0, "\(covered.errors)")
    #expect(covered.output.contains("\"identical\": 24"))
    // Another language is read by other tokens; the verdict says so, and nothing fails.
    let other = try LatheProcess(
      ["verify", "\(Self.example)/model.onnx", folder.file("trimmed.lathe"), "--samples", german, "--json"] + Self.text)
    #expect(other.status == 1, "\(other.errors)")
    let size = try FileManager.default.attributesOfItem(atPath: folder.file("trimmed.lathe"))[.size] as? Int
    #expect(try #require(size) < 5_000_000)
  }

  @Test func aFileOfCountsStandsInForItsCorpus() throws {
    let folder = try TemporaryFolder()
    let english = try Self.lines(folder, "en", 24)
    let counts = folder.file("counts.tsv")
    let count = try LatheProcess(["count", "--corpus", english, "--vocab", "\(Self.example)/vocab.txt", "-o", counts])
    #expect(count.status == 0, "\(count.errors)")
    let byCounts = try Self.convert(folder, "counts.onnx", ["--pass", "vocabulary/trim", "--token-counts", counts, "--id-map", folder.file("ids")])
    let byCorpus = try Self.convert(folder, "corpus.onnx", ["--pass", "vocabulary/trim", "--corpus", english])
    #expect(byCounts.status == 0 && byCorpus.status == 0, "\(byCounts.errors)\(byCorpus.errors)")
    // ONNX carries no vocabulary: it lies beside.
    let vocabulary = try String(decoding: folder.bytes("counts.vocab.txt"), as: UTF8.self).split(separator: "\n")
    let ids = try String(decoding: folder.bytes("ids"), as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
    #expect(vocabulary.count == ids.count && ids == ids.sorted())
    let all = try String(contentsOfFile: "\(Self.example)/vocab.txt", encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(zip(vocabulary, ids).allSatisfy { $0 == all[$1] })
    #expect(try folder.bytes("counts.vocab.txt") == folder.bytes("corpus.vocab.txt"))
    let verify = try LatheProcess(
      ["verify", "\(Self.example)/model.onnx", folder.file("counts.onnx"), "--samples", english, "--max-abs", "0"] + Self.text
        + ["--candidate-vocab", folder.file("counts.vocab.txt")])
    #expect(verify.status == 0, "\(verify.errors)")
  }

  @Test func shorterPositionsAreExactAndLongerInputsAreRefused() throws {
    let folder = try TemporaryFolder()
    let english = try Self.lines(folder, "en", 8)
    let run = try Self.convert(
      folder, "short.lathe", ["--recipe", "fuse", "--pass", "vocabulary/trim-positions:maximum-length=32", "--samples", english, "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("samples are read as before: their outputs are the same to the last bit"))
    // Texts lose their end by themselves; tensors do not.
    let texts = try LatheProcess(["run", folder.file("short.lathe"), "--samples", english])
    #expect(texts.status == 0, "\(texts.errors)")
    let row = "[[" + Array(repeating: "5", count: 33).joined(separator: ",") + "]]"
    let line = "{\"input_ids\": \(row), \"token_type_ids\": \(row.replacingOccurrences(of: "5", with: "0")), \"attention_mask\": \(row.replacingOccurrences(of: "5", with: "1"))}\n"
    let tensors = try LatheProcess(["run", folder.file("short.lathe"), "--samples", try folder.write("long.jsonl", Array(line.utf8))])
    #expect(tensors.status == 65)
    #expect(tensors.errors.contains("33 positions"), "\(tensors.errors)")
  }

  @Test(arguments: [
    (["--corpus", "empty.txt"], 65, "no texts"),
    (["--corpus", "missing.txt"], 66, "missing.txt"),
    (["--corpus", "english.jsonl", "--corpus-rows", "lang=xx"], 65, "whose lang is xx"),
    (["--corpus", "empty.txt", "--token-counts", "counts.txt"], 64, "give one"),
    (["--token-counts", "counts.txt"], 65, "stands there twice"),
    ([], 64, "--corpus FILE"),
  ])
  func whatSaysNothingOfTokensIsRefused(arguments: [String], status: Int32, message: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("empty.txt", Array("\n\n".utf8))
    _ = try folder.write("english.jsonl", Array("{\"text\": \"one\", \"lang\": \"en\"}\n".utf8))
    _ = try folder.write("counts.txt", Array("1 2\n1 3\n".utf8))
    let paths = arguments.map { $0.hasSuffix(".txt") || $0.hasSuffix(".jsonl") ? folder.file($0) : $0 }
    let run = try Self.convert(folder, "o.lathe", ["--pass", "vocabulary/trim"] + paths)
    #expect(run.status == status, "\(run.errors)")
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("o.lathe")))
  }

  @Test func aVocabularyOfAnotherSizeIsRefused() throws {
    let folder = try TemporaryFolder()
    let all = try String(contentsOfFile: "\(Self.example)/vocab.txt", encoding: .utf8).split(separator: "\n").dropLast()
    let vocabulary = try folder.write("vocab.txt", Array((all.joined(separator: "\n") + "\n").utf8))
    let english = try Self.lines(folder, "en", 4)
    let run = try LatheProcess([
      "convert", "\(Self.example)/model.onnx", "-o", folder.file("o.lathe"), "--vocab", vocabulary, "--pass", "vocabulary/trim", "--corpus", english,
    ])
    #expect(run.status == 65)
    #expect(run.errors.contains("40000"), "\(run.errors)")
  }
}
