import LatheJSON
import LatheTokenizers
import Testing

/// Equality with Hugging Face `tokenizers`, whose results `make_expectations.py` wrote down.
@Suite struct HuggingFaceTests {
  @Test(
    .enabled(if: Expectations.pico("dev.jsonl") != nil && Expectations.pico("vocab.txt") != nil),
    arguments: ["uncased", "cased"])
  func everyLineOfDev(_ mode: String) throws {
    try compareCorpus("dev", mode)
  }

  @Test(
    .enabled(if: Expectations.pico("train.jsonl") != nil && Expectations.pico("vocab.txt") != nil),
    arguments: ["uncased", "cased"])
  func everyLineOfTrain(_ mode: String) throws {
    try compareCorpus("train", mode)
  }

  private func compareCorpus(_ name: String, _ mode: String) throws {
    let expected = try Expectations.read(name)
    let tokenizer = try WordPieceTokenizer(
      vocabulary: Vocabulary(fileAt: #require(Expectations.pico("vocab.txt"))),
      options: #require(Expectations.modes[mode]))
    let linesPerHash = try #require(expected["linesPerHash"]?.intValue)
    var ids: [[Int32]] = []
    var lines = try JSONLines(fileAt: #require(Expectations.pico("\(name).jsonl")))
    while let line = try lines.next() {
      ids.append(tokenizer.encode(try #require(line.value["text"]?.stringValue)))
    }
    #expect(ids.count == expected["lines"]?.intValue)
    for example in try #require(expected["\(mode)-ids"]?.arrayValue) {
      let line = try #require(example["line"]?.intValue)
      #expect(try #require(ids.indices.contains(line) ? ids[line] : nil) == example["ids"]?.ids, "line \(line + 1)")
    }
    let hashes = stride(from: 0, to: ids.count, by: linesPerHash).map { start in
      Expectations.hash(ids[start..<min(start + linesPerHash, ids.count)].flatMap(Expectations.bytes))
    }
    let wanted = try #require(expected[mode]?.strings)
    #expect(hashes.count == wanted.count)
    for (index, (hash, wanted)) in zip(hashes, wanted).enumerated() where hash != wanted {
      Issue.record("lines \(index * linesPerHash + 1)... of \(name).jsonl differ")
    }
  }

  @Test(arguments: Expectations.modes.keys.sorted())
  func everyHostileText(_ mode: String) throws {
    let expected = try Expectations.read("hostile")
    let tokenizer = try WordPieceTokenizer(
      vocabulary: Vocabulary(tokens: #require(expected["vocabulary"]?.strings)),
      options: #require(Expectations.modes[mode]))
    let texts = try #require(expected["texts"]?.strings)
    let wanted = try #require(expected[mode]?.arrayValue)
    #expect(texts.count == wanted.count && texts.count > 200)
    for (text, wanted) in zip(texts, wanted) {
      #expect(tokenizer.encode(text) == wanted.ids, "\(text.debugDescription)")
    }
  }

  @Test func cutTextsAndPairs() throws {
    let expected = try Expectations.read("hostile")
    let tokenizer = try WordPieceTokenizer(
      vocabulary: Vocabulary(tokens: #require(expected["vocabulary"]?.strings)))
    for cut in try #require(expected["cut"]?.arrayValue) {
      let text = try #require(cut["text"]?.stringValue)
      let ids = try tokenizer.encode(text, maximumLength: #require(cut["length"]?.intValue))
      #expect(ids == cut["ids"]?.ids, "\(text.debugDescription)")
    }
    for pair in try #require(expected["pairs"]?.arrayValue) {
      let encoded = try tokenizer.encode(
        #require(pair["text"]?.stringValue), #require(pair["second"]?.stringValue),
        maximumLength: #require(pair["length"]?.intValue))
      #expect(encoded.ids == pair["ids"]?.ids && encoded.segmentIDs == pair["segments"]?.ids, "\(pair.serialized())")
    }
  }

  @Test(arguments: Expectations.modes.keys.sorted())
  func everyScalar(_ mode: String) throws {
    let expected = try Expectations.read("scalars")
    let scalarsPerHash = try #require(expected["scalarsPerHash"]?.intValue)
    let vocabulary = try Vocabulary(tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: #require(Expectations.modes[mode]))
    let hashes = stride(from: 0, to: 0x110000, by: scalarsPerHash).map { start in
      let text = (start..<(start + scalarsPerHash)).compactMap { Unicode.Scalar(UInt32($0)) }
        .map { "\($0) A\($0)b " }.joined()
      return Expectations.hash(tokenizer.words(of: text).flatMap { Array($0.utf8) + [0x0A] })
    }
    let wanted = try #require(expected[mode]?.strings)
    #expect(hashes.count == wanted.count)
    for (index, (hash, wanted)) in zip(hashes, wanted).enumerated() where hash != wanted {
      Issue.record("scalars from U+\(String(index * scalarsPerHash, radix: 16, uppercase: true)) on differ")
    }
  }
}
