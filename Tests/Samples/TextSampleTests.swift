import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors
import LatheTestSupport
import LatheTokenizers
import OrderedCollections
import Testing

@Suite struct TextSampleTests {
  private func read(
    _ lines: String, _ port: ModelInterface = bertInterface(), _ options: SampleOptions = SampleOptions(),
    name: String = "s.jsonl"
  ) throws -> SampleSet {
    let folder = try TemporaryFolder()
    return try SampleReader.read(path: try folder.write(name, Array(lines.utf8)), for: port, options: options)
  }

  private func refused(_ lines: String, _ port: ModelInterface = bertInterface(), name: String = "s.jsonl") throws
    -> Diagnostic
  {
    let folder = try TemporaryFolder()
    return try #require(refusal(try folder.write(name, Array(lines.utf8)), port))
  }

  @Test func batchesHoldTheLongestFirst() throws {
    let set = try read(
      """
      {"text": "a"}
      {"text": "b c d", "id": 7}

      {"text": "e"}
      """)
    #expect(set.count == 3 && set.texts == ["a", "b c d", "e"] && set.labels.isEmpty && !set.isSingleFeed)
    let feed = try #require(set.feeds.first)
    #expect(set.feeds.count == 1 && feed.rows == [1, 0, 2] && feed.lengths == [5, 3, 3] && feed.paddedLength == 5)
    #expect(feed.inputs["input_ids"]?.shape == [3, 5])
    #expect(feed.inputs["input_ids"]?.integers() == [1, 5, 6, 7, 2, 1, 4, 2, 3, 3, 1, 8, 2, 3, 3])
    #expect(feed.inputs["attention_mask"]?.integers() == [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0])
    #expect(feed.inputs["token_type_ids"]?.integers() == [Int](repeating: 0, count: 15))
  }

  @Test func pairsHaveTwoSegments() throws {
    let set = try read("{\"text\": \"a b\", \"text_pair\": \"c\"}\n{\"text\": \"d\", \"text_pair\": null}")
    #expect(set.feeds[0].inputs["input_ids"]?.integers() == [1, 4, 5, 2, 6, 2, 1, 7, 2, 3, 3, 3])
    #expect(set.feeds[0].inputs["token_type_ids"]?.integers() == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
  }

  @Test func longTextsLoseTheirEnd() throws {
    let set = try read("{\"text\": \"a b c d e f g\"}", bertInterface(), SampleOptions(maximumLength: 4))
    #expect(set.feeds[0].inputs["input_ids"]?.integers() == [1, 4, 5, 2])
    #expect(throws: Diagnostic.self) { try read("{\"text\": \"a\"}", bertInterface(), SampleOptions(maximumLength: 1)) }
    #expect(throws: Diagnostic.self) { try read("{\"text\": \"a\"}", bertInterface(), SampleOptions(batchSize: 0)) }
  }

  @Test func aModelsFixedShapeIsKept() throws {
    let set = try read(
      "{\"text\": \"a\"}\n{\"text\": \"b c d e f\"}\n{\"text\": \"g\"}", bertInterface(.int32, [2, 6]))
    #expect(set.feeds.count == 2)
    #expect(set.feeds.map(\.rows) == [[1, 0], [2]])
    #expect(set.feeds[0].inputs["input_ids"]?.integers() == [1, 5, 6, 7, 8, 2, 1, 4, 2, 3, 3, 3])
    #expect(set.feeds[1].inputs["input_ids"]?.integers() == [1, 10, 2, 3, 3, 3, 1, 10, 2, 3, 3, 3])
    #expect(set.feeds[1].inputs["input_ids"]?.dtype == .int32)
    let huge = bertInterface(.int64, [.known(1 << 40), 6])
    #expect(try refused("{\"text\": \"a\"}", huge).id == "samples/text-shape")
  }

  @Test func inputsAreKnownByTheirNames() throws {
    let rows: Shape = ["n", "s"]
    let port = interface(
      [
        "x": TensorType(.int32, rows), "input_mask:0": TensorType(.float32, rows),
        "segment_ids": TensorType(.int64, rows),
        "position_ids": TensorType(.int64, rows), "task_type_ids": TensorType(.int64, rows),
        "lengths": TensorType(.int32, ["n"]),
        "mask": TensorType(.bool, rows),
      ], text: TextAssets(vocabulary: vocabulary))
    let inputs = try read("{\"text\": \"a b\"}\n{\"text\": \"c\"}", port).feeds[0].inputs
    #expect(inputs.count == 7)
    #expect(inputs["x"]?.elements(as: Int32.self) == [1, 4, 5, 2, 1, 6, 2, 3])
    #expect(inputs["input_mask:0"]?.elements(as: Float.self) == [1, 1, 1, 1, 1, 1, 1, 0])
    #expect(inputs["mask"]?.elements(as: Bool.self) == [true, true, true, true, true, true, true, false])
    #expect(inputs["position_ids"]?.integers() == [0, 1, 2, 3, 0, 1, 2, 3])
    #expect(inputs["task_type_ids"]?.integers() == [Int](repeating: 0, count: 8))
    #expect(inputs["segment_ids"]?.integers() == [Int](repeating: 0, count: 8))
    #expect(inputs["lengths"]?.elements(as: Int32.self) == [4, 3])
  }

  @Test func inputsThatTextCannotFillAreNamed() throws {
    var port = bertInterface()
    port.inputs.append(ModelInterface.Port(name: "pixels", type: TensorType(.float32, ["n", 3, 8, 8])))
    let diagnostic = try refused("{\"text\": \"a\"}", port)
    #expect(diagnostic.id == "samples/text-input" && diagnostic.location.value == "pixels")
    port.inputs[3].hasDefault = true
    #expect(try read("{\"text\": \"a\"}", port).feeds[0].inputs.count == 3)
    let two = interface(["a": idsType, "b": idsType], text: TextAssets(vocabulary: vocabulary))
    #expect(try refused("{\"text\": \"a\"}", two).id == "samples/text-input")
  }

  @Test func aVocabularyIsNeeded() throws {
    var port = bertInterface()
    port.text = nil
    let diagnostic = try refused("{\"text\": \"a\"}", port)
    #expect(diagnostic.id == "samples/no-vocabulary" && diagnostic.fix?.contains("--vocab") == true)
    port.text = TextAssets(vocabulary: vocabulary, tokenizerOptions: ["lowercase": "false"])
    #expect(try read("{\"text\": \"A a\"}", port).feeds[0].inputs["input_ids"]?.integers() == [1, 0, 4, 2])
    port.text = TextAssets(vocabulary: vocabulary, tokenizerOptions: ["lowercase": "perhaps"])
    #expect(try refused("{\"text\": \"a\"}", port).id == "tokenizers/option")
    port.text = TextAssets(vocabulary: Array("a\nb\n".utf8))
    #expect(try refused("{\"text\": \"a\"}", port).id == "tokenizers/special-token")
  }

  @Test func settingsComeBackAsTheyWere() throws {
    var options = WordPieceOptions()
    #expect(TokenizerSettings.settings(of: options).isEmpty)
    options.lowercase = false
    options.stripAccents = true
    options.handleChineseCharacters = false
    options.cleanText = false
    options.unknownToken = "a"
    options.classToken = "b"
    options.separatorToken = "c"
    options.paddingToken = "d"
    options.maskToken = "e"
    options.recognizedTokens = ["f", "g"]
    options.addedTokens = ["h"]
    options.maximumInputCharactersPerWord = 0
    options.continuingPrefix = ""
    for recognized in [["f", "g"], [], ["f"]] {
      options.recognizedTokens = recognized
      let settings = TokenizerSettings.settings(of: options)
      let tokenizer = try TokenizerSettings.tokenizer(
        for: TextAssets(vocabulary: vocabulary, tokenizerOptions: settings))
      #expect(settings.count == 13 && tokenizer.options == options)
    }
  }

  @Test func textsAreReadWithoutAModel() throws {
    let folder = try TemporaryFolder()
    let lines = try folder.write("t.jsonl", Array("{\"text\": \"a\", \"label\": \"x\"}\n\n{\"text\": \"\"}\n".utf8))
    #expect(try SampleReader.texts(at: lines) == ["a", ""])
    #expect(try SampleReader.texts(at: try folder.write("t.txt", Array("a\r\n\nb".utf8))) == ["a", "", "b"])
    for (name, text) in [("e.jsonl", ""), ("n.jsonl", "{\"a\": 1}"), ("e.txt", ""), ("t.npy", "a")] {
      let path = try folder.write(name, Array(text.utf8))
      let fault = try #require(throws: Diagnostic.self) { try SampleReader.texts(at: path) }
      #expect(fault.id.hasPrefix("samples/") && fault.location.file == path)
    }
  }

  @Test func everySampleIsInOneRow() throws {
    var random = SeededGenerator(seed: 3)
    let texts = (0..<997).map { _ in
      (0..<Int.random(in: 0...9, using: &random)).map { _ in ["a", "b", "c"].randomElement(using: &random) ?? "a" }
        .joined(separator: " ")
    }
    for batch in [1, 2, 7, 32, 2000] {
      let set = try SampleReader.texts(texts, for: bertInterface(), options: SampleOptions(batchSize: batch))
      #expect(set.feeds.flatMap(\.samples).sorted() == Array(0..<997))
      #expect(set.feeds.count == (997 + batch - 1) / batch)
      for feed in set.feeds {
        let lengths = try #require(feed.lengths)
        #expect(lengths == lengths.sorted(by: >) && lengths.first == feed.paddedLength)
        let mask = try #require(feed.inputs["attention_mask"]?.integers())
        #expect(mask.reduce(0, +) == lengths.reduce(0, +))
      }
    }
  }

  @Test func labelsAreNamesOrIndices() throws {
    let port = bertInterface(labels: ["admin", "doc", "web"])
    let set = try read(
      """
      {"text": "a", "label": "web"}
      {"text": "b b"}
      {"text": "c", "label": 0}
      {"text": "d", "label": null}
      """, port)
    #expect(set.labels == [2, nil, 0, nil])
    let typo = try refused("{\"text\": \"a\", \"label\": \"doc\"}\n\n{\"text\": \"a\", \"label\": \"adnim\"}", port)
    #expect(typo.id == "samples/label" && typo.location.line == 3 && typo.fix?.contains("admin") == true)
    for bad in ["3", "-1", "0.5", "[1]", "true"] {
      let diagnostic = try refused("{\"text\": \"a\", \"label\": \(bad)}", port)
      #expect(diagnostic.id == "samples/label" && diagnostic.location.line == 1)
    }
    #expect(try refused("{\"text\": \"a\", \"label\": \"web\"}").id == "samples/no-labels")
    #expect(try read("{\"text\": \"a\", \"label\": 1000}").labels == [1000])
  }

  @Test func badLinesAreNamed() throws {
    for (line, id) in [
      ("{\"text\": 1}", "samples/line"), ("{\"txt\": \"a\"}", "samples/line"), ("[1]", "samples/line"),
      ("{", "json/truncated"),
      ("{\"text\": \"a\", \"text_pair\": 2}", "samples/line"), ("{\"input_ids\": [1]}", "samples/mixed-forms"),
    ] {
      let diagnostic = try refused("{\"text\": \"a\"}\n\(line)")
      #expect(diagnostic.id == id && diagnostic.location.line == 2, "\(line)")
      #expect(diagnostic.location.file != nil)
    }
    for empty in ["", "\n\n"] { #expect(try refused(empty).id == "samples/empty") }
    #expect(try refused("", name: "s.txt").id == "samples/empty")
  }

  @Test func plainTextHasASampleInEachLine() throws {
    let set = try read("a b\r\n\nc", name: "s.txt")
    #expect(set.texts == ["a b", "", "c"] && set.feeds[0].lengths == [4, 3, 2])
    let folder = try TemporaryFolder()
    let bad = try #require(refusal(try folder.write("s.txt", Array("a\n".utf8) + [0xFF]), bertInterface()))
    #expect(bad.id == "samples/utf8" && bad.location.line == 2)
  }

  @Test func everyTruncationIsAWholeFileOrRefused() throws {
    let folder = try TemporaryFolder()
    let whole = Array("{\"text\": \"a é\", \"label\": 1}\n{\"text\": \"b\\u00e9\", \"text_pair\": \"c\"}\n".utf8)
    var accepted: [Int] = []
    for length in 0..<whole.count {
      guard let diagnostic = refusal(try folder.write("s.jsonl", whole[..<length]), bertInterface()) else {
        accepted.append(length)
        continue
      }
      #expect(diagnostic.category == .invalidInput && diagnostic.location.file != nil)
    }
    let first = try #require(whole.firstIndex(of: 0x0A))
    #expect(accepted == [first, first + 1, whole.count - 1])
  }
}
