import LatheDiagnostics
import LatheTokenizers
import Testing

@Suite struct WordPieceTokenizerTests {
  static let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]

  static func tokenizer(_ tokens: [String], _ options: WordPieceOptions = WordPieceOptions()) throws
    -> WordPieceTokenizer
  {
    try WordPieceTokenizer(vocabulary: Vocabulary(tokens: specials + tokens), options: options)
  }

  @Test func specialTokensFrameTheText() throws {
    let tokenizer = try Self.tokenizer(["un", "##aff", "##able", "!"])
    #expect(tokenizer.tokens(of: tokenizer.encode("UNAFFABLE!")) == ["un", "##aff", "##able", "!"])
    #expect(try tokenizer.encode("unaffable!", maximumLength: 64) == [2, 4, 5, 6, 7, 3])
    #expect(try tokenizer.encode("unaffable!", maximumLength: 4) == [2, 4, 5, 3])
    #expect(try tokenizer.encode("unaffable!", maximumLength: 2) == [2, 3])
    #expect(try tokenizer.encode("", maximumLength: .max) == [2, 3])
    #expect(
      tokenizer.paddingID == 0 && tokenizer.unknownID == 1 && tokenizer.classID == 2 && tokenizer.separatorID == 3)
    #expect(tokenizer.tokens(of: [99, -1]) == ["<99>", "<-1>"])
    for length in [1, 0, -1, .min] {
      #expect(throws: Diagnostic.self) { try tokenizer.encode("un", maximumLength: length) }
    }
  }

  @Test func pairsHaveSegments() throws {
    let tokenizer = try Self.tokenizer(["a", "b"])
    let pair = try tokenizer.encode("a a", "b", maximumLength: .max)
    #expect(pair.ids == [2, 4, 4, 3, 5, 3] && pair.segmentIDs == [0, 0, 0, 0, 1, 1])
    #expect(try tokenizer.encode("a a", "b", maximumLength: 3).ids == [2, 3, 3])
    #expect(throws: Diagnostic.self) { try tokenizer.encode("a", "b", maximumLength: 2) }
  }

  @Test(arguments: specials) func aMissingSpecialTokenIsNamed(_ token: String) throws {
    let vocabulary = try Vocabulary(tokens: Self.specials.filter { $0 != token } + ["a"])
    let diagnostic = try #require(throws: Diagnostic.self) { try WordPieceTokenizer(vocabulary: vocabulary) }
    #expect(diagnostic.id == "tokenizers/special-token" && diagnostic.message.contains(token))
  }

  @Test func specialTokensMayHaveOtherNames() throws {
    var options = WordPieceOptions()
    options.unknownToken = "<unk>"
    options.classToken = "<s>"
    options.separatorToken = "</s>"
    options.paddingToken = "<pad>"
    options.maskToken = "<mask>"
    let vocabulary = try Vocabulary(tokens: ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a"])
    let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
    #expect(try tokenizer.encode("a<mask>b [SEP]", maximumLength: 64) == [0, 5, 4, 3, 3, 3, 3, 2])
    options.paddingToken = ""
    #expect(throws: Diagnostic.self) { try WordPieceTokenizer(vocabulary: vocabulary, options: options) }
  }

  /// What WordPiece means, tried piece by piece, longest first.
  static func greedy(_ word: String, _ vocabulary: Vocabulary, _ prefix: String) -> [Int32] {
    let scalars = Array(word.unicodeScalars)
    var ids: [Int32] = []
    var start = 0
    while start < scalars.count {
      let found = stride(from: scalars.count, to: start, by: -1).lazy.compactMap { end -> (Int32, Int)? in
        let piece = (start > 0 ? prefix : "") + String(String.UnicodeScalarView(scalars[start..<end]))
        return vocabulary.id(of: piece).map { ($0, end) }
      }.first
      guard let found else { return [1] }
      ids.append(found.0)
      start = found.1
    }
    return ids
  }

  @Test(arguments: ["##", "@@", "ab", "", "#"]) func piecesAreTheGreedyLongest(_ prefix: String) throws {
    var options = WordPieceOptions()
    options.lowercase = false
    options.continuingPrefix = prefix
    func text(_ lengths: ClosedRange<Int>) -> String {
      (0..<Int.random(in: lengths)).map { _ in ["a", "b", "é"].randomElement() ?? "a" }.joined()
    }
    for _ in 0..<300 {
      let tokens = (0..<Int.random(in: 1...40)).map { _ in (Bool.random() ? prefix : "") + text(1...7) }
      let tokenizer = try Self.tokenizer(tokens, options)
      for _ in 0..<30 {
        let word = text(1...30)
        #expect(tokenizer.encode(word) == Self.greedy(word, tokenizer.vocabulary, prefix), "\(word) with \(tokens)")
      }
    }
  }

  @Test func aMegabyteOfOneWordIsUnknown() throws {
    let tokenizer = try Self.tokenizer(["a", "##a"])
    #expect(tokenizer.encode(String(repeating: "a", count: 100)).count == 100)
    #expect(tokenizer.encode(String(repeating: "a", count: 1 << 20)) == [1])
    #expect(tokenizer.encode("a" + String(repeating: "\u{301}", count: 1 << 20)) == [4])
  }

  @Test func timeIsLinearInTheWord() throws {
    var options = WordPieceOptions()
    options.maximumInputCharactersPerWord = .max
    // The trie walks the long token to its end again and again before it knows that the word goes on otherwise.
    let long = String(repeating: "a", count: 10_000)
    let tokenizer = try Self.tokenizer(["a", "##a", long + "b", "##" + long + "b"], options)
    let word = String(repeating: "a", count: 1 << 20)
    let clock = ContinuousClock()
    let time = clock.measure { #expect(tokenizer.encode(word).count == 1 << 20) }
    #expect(time < .seconds(20), "quadratic time would be minutes")
  }

  @Test func marksThatAreKeptAreOrderedInTime() throws {
    let tokenizer = try Self.tokenizer(["a"])
    let marks = (0..<200_000).map { $0.isMultiple(of: 2) ? "\u{1E006}" : "\u{1E94A}" }.joined()
    let words = tokenizer.words(of: "a" + marks)
    #expect(words.count == 1 && words[0].unicodeScalars.count == 200_001)
    #expect(words[0].unicodeScalars.dropFirst().first == "\u{1E94A}" && words[0].unicodeScalars.last == "\u{1E006}")
  }

  @Test func randomTextNeverCrashes() throws {
    let tokenizer = try Self.tokenizer(["a", "##a"])
    for _ in 0..<5_000 {
      let text = String(decoding: (0..<Int.random(in: 0...60)).map { _ in UInt8.random(in: 0...255) }, as: UTF8.self)
      let ids = tokenizer.encode(text)
      #expect(ids.allSatisfy { (0..<6).contains($0) })
      #expect(try tokenizer.encode(text, maximumLength: 9) == [2] + ids.prefix(7) + [3])
    }
  }

  @Test func aPrefixOfOneMarkIsAlsoAWord() throws {
    var options = WordPieceOptions()
    options.continuingPrefix = "#"
    let tokenizer = try Self.tokenizer(["#", "a", "#a"], options)
    #expect(tokenizer.encode("# aa #a") == [4, 5, 6, 4, 5])
  }

  @Test func piecesJoinToTheirWord() throws {
    let letters = ["a", "b", "é", "ß", "漢", "한", "か", "\u{301}", "x", "9"]
    let tokens = letters + letters.map { "##" + $0 } + ["ab", "##ab", "##bé", "xx"]
    let tokenizer = try Self.tokenizer(tokens)
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 1...40)).map { _ in (letters + [" ", "!", "A", "É"]).randomElement() ?? "" }.joined()
      var pieces = tokenizer.tokens(of: tokenizer.encode(text))[...]
      for word in tokenizer.words(of: text) where pieces.first != "[UNK]" {
        var joined = pieces.removeFirst()
        while let next = pieces.first, next.hasPrefix("##") { joined += pieces.removeFirst().dropFirst(2) }
        #expect(joined == word, "\(text.debugDescription)")
      }
    }
  }

  @Test(arguments: [1, 2, 3, 64]) func aBatchIsItsTexts(_ threads: Int) throws {
    let tokenizer = try Self.tokenizer(["a", "##a", "b", "가", "\u{1100}", "##\u{1161}"])
    let pool = ["a", "aa ", "B!", "é", "가", "[SEP]", "aaaaaaaaaa", "\u{1E94A}\u{1E006}", String(repeating: "a", count: 300)]
    let texts = (0..<500).map { _ in (0..<Int.random(in: 0...12)).map { _ in pool.randomElement() ?? "" }.joined() }
    #expect(tokenizer.encode(texts, threads: threads) == texts.map { tokenizer.encode($0) })
    #expect(tokenizer.encode([], threads: threads).isEmpty)
    for length in [2, 3, 7] {
      let batch = try tokenizer.encode(texts, maximumLength: length, threads: threads)
      #expect(try batch == texts.map { try tokenizer.encode($0, maximumLength: length) })
      #expect(zip(batch, texts).allSatisfy { $0 == [2] + tokenizer.encode($1).prefix(length - 2) + [3] })
    }
    #expect(throws: Diagnostic.self) { try tokenizer.encode(texts, maximumLength: 1) }
  }

  @Test func oneTokenizerServesManyThreads() throws {
    let tokenizer = try Self.tokenizer(["a"])
    let texts = (0..<2_000).map { index in String(UnicodeScalar(UInt32(0x80 + index * 31)) ?? "a") + "é가" }
    #expect(tokenizer.encode(texts, threads: 8).count == texts.count)
    let fresh = try Self.tokenizer(["a"])
    #expect(tokenizer.encode(texts) == texts.map { fresh.encode($0) })
  }

  @Test func tokensAreRecognizedAsAsked() throws {
    var options = WordPieceOptions()
    options.recognizedTokens = ["[SEP]"]
    options.addedTokens = ["b", "bb", "[X]"]
    let tokenizer = try Self.tokenizer(["a", "##a", "[", "]", "b", "bb", "[X]", "pad"], options)
    #expect(tokenizer.encode("a[SEP]abbb[X][PAD] B") == [4, 3, 4, 9, 8, 10, 6, 11, 7, 1])
    options.addedTokens = ["missing"]
    let fault = try #require(throws: Diagnostic.self) { try Self.tokenizer(["a"], options) }
    #expect(fault.id == "tokenizers/special-token" && fault.message.contains("missing"))
  }

  @Test func ernieIsRead() throws {
    let file = "[PAD]\n[CLS]\n[SEP]\n[MASK]\n，\n的\n[unused1]\n[UNK]\n##a\na\nａ\n。\n的\n"
    let tokenizer = try WordPieceTokenizer(vocabulary: Vocabulary(Array(file.utf8)))
    #expect(try tokenizer.encode("的AA，ａ。 [unused1]x[MASK]", maximumLength: 64) == [1, 12, 9, 8, 4, 10, 11, 7, 7, 7, 7, 3, 2])
    #expect(tokenizer.paddingID == 0 && tokenizer.unknownID == 7)
  }
}
