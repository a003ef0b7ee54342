import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors
import Testing

@Suite struct SampleGeneratorTests {
  static let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (0..<300).map { $0.isMultiple(of: 3) ? "##p\($0)" : "w\($0)" }

  static func model(_ inputs: [(String, DType, [Dimension])], tokens: [String] = []) throws -> Model {
    var graph = Graph()
    for (name, dtype, shape) in inputs { _ = try graph.addInput(name, type: .tensor(TensorType(dtype, shape))) }
    var model = Model(graph: graph)
    if !tokens.isEmpty { model.text = TextAssets(vocabulary: Array(tokens.joined(separator: "\n").utf8)) }
    return model
  }

  static func textModel(tokens: [String] = tokens) throws -> Model {
    try model([("input_ids", .int64, [.unknown, .unknown]), ("attention_mask", .int64, [.unknown, .unknown]), ("token_type_ids", .int64, [.unknown, .unknown])], tokens: tokens)
  }

  static func generate(_ model: Model, other: Model? = nil, seed: UInt64 = 1, withPadding: Bool = true) throws -> SampleGenerator.Generated {
    try SampleGenerator(model, other: other, seed: seed).generate(SampleOptions(maximumLength: 32, batchSize: 8), withPadding: withPadding)
  }

  @Test func rowsAreShapedLikeLanguage() throws {
    let set = try Self.generate(try Self.textModel()).set
    let ids = try #require(set.ids)
    #expect(set.count == ids.count && Set(set.feeds.flatMap(\.samples)) == Set(0..<set.count))
    #expect(Set(ids.flatMap { $0 }) == Set(0..<Int32(Self.tokens.count)), "every id stands somewhere")
    #expect(ids.contains { $0.isEmpty } && ids.contains { $0.count == 1 } && ids.contains { $0.count == 32 } && !ids.contains { $0.count > 32 })
    let long = ids.filter { $0.count > 2 }
    let framed = long.count { $0.first == 2 && $0.last == 3 }
    #expect(framed == long.count, "texts start with [CLS] and end with [SEP]")
    #expect(set.feeds.contains { $0.inputs["token_type_ids"]?.integers()?.contains(1) ?? false }, "there are two segments")
  }

  @Test func masksAreContiguousAndFitTheTokens() throws {
    for feed in try Self.generate(try Self.textModel()).set.feeds {
      let mask = try #require(feed.inputs["attention_mask"]), lengths = try #require(feed.lengths)
      let values = try #require(mask.integers())
      for (row, length) in lengths.enumerated() {
        let own = values[row * mask.shape[1]..<(row + 1) * mask.shape[1]]
        #expect(own.enumerated().allSatisfy { $0.element == ($0.offset < length ? 1 : 0) })
      }
    }
  }

  @Test func aSeedAlwaysGivesTheSame() throws {
    let (one, two, other) = (try Self.generate(Self.textModel()), try Self.generate(Self.textModel()), try Self.generate(Self.textModel(), seed: 2))
    #expect(one.set.ids == two.set.ids && one.parts == two.parts)
    #expect(one.set.feeds.map(\.inputs) == two.set.feeds.map(\.inputs))
    #expect(one.set.ids != other.set.ids)
  }

  @Test func rowsOfPaddingAreLeftOutWhereTheyAreNotWanted() throws {
    let ids = try #require(try Self.generate(Self.textModel(), withPadding: false).set.ids)
    #expect(!ids.contains { $0.isEmpty })
  }

  @Test func aCutVocabularyGetsTheSameTokens() throws {
    let kept = Self.tokens.enumerated().filter { $0.offset < 5 || $0.offset.isMultiple(of: 2) }.map(\.element)
    let made = try Self.generate(try Self.textModel(), other: try Self.textModel(tokens: kept))
    let (ours, theirs) = (try #require(made.set.ids), try #require(made.other?.ids))
    #expect(ours.map { $0.map { Self.tokens[Int($0)] } } == theirs.map { $0.map { kept[Int($0)] } })
    #expect(Set(theirs.flatMap { $0 }) == Set(0..<Int32(kept.count)), "every kept id stands somewhere")
    #expect(made.set.feeds.map(\.samples) == made.other?.feeds.map(\.samples))
  }

  @Test func imagesSoundsAndNumbersKeepToTheirRange() throws {
    let model = try Self.model([
      ("pixels", .float32, [.unknown, .known(3), .unknown, .unknown]), ("audio", .float32, [.unknown, .unknown]), ("x", .float32, [.known(2), .known(5)]),
      ("bytes", .uint8, [.known(1), .known(8), .known(8), .known(3)]), ("flags", .bool, [.known(4)]),
    ])
    let made = try SampleGenerator(model, seed: 3, ranges: ["x": 10...11]).generate(SampleOptions(), withPadding: true)
    #expect(made.set.feeds.count == 8 && made.parts.count == 5)
    for feed in made.set.feeds {
      for (name, low, high) in [("pixels", 0.0, 1.0), ("audio", -1, 1), ("x", 10, 11), ("bytes", 0, 255)] {
        let values = try #require(feed.inputs[name]?.doubles())
        #expect(values.allSatisfy { (low...high).contains($0) } && Set(values).count > 3, "\(name)")
      }
      #expect(feed.inputs["flags"]?.dtype == .bool)
    }
    #expect(made.set.feeds[0].inputs["pixels"] != made.set.feeds[1].inputs["pixels"])
  }

  @Test func whatCannotBeKnownIsAsked() throws {
    let model = try Self.model([("input_ids", .int64, [.unknown, .unknown]), ("attention_mask", .int64, [.unknown, .unknown])])
    let error = try #require(throws: Diagnostic.self) { try Self.generate(model) }
    #expect(error.fix?.contains("--input-range input_ids") == true)
    let given = try SampleGenerator(model, seed: 1, ranges: ["input_ids": 5...20]).generate(SampleOptions(), withPadding: true)
    #expect(Set(given.set.ids?.flatMap { $0 } ?? []) == Set(5...20))
    let unknown = SampleGenerator(model, seed: 1, ranges: ["inputids": 0...1])
    #expect(throws: Diagnostic.self) { try unknown.generate(SampleOptions(), withPadding: true) }
  }
}
