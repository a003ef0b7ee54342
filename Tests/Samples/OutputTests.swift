import Foundation
import LatheDiagnostics
import LatheSamples
import LatheTensors
import Testing

@Suite struct OutputTests {
  /// Outputs of a pretended model: `logits` tells of each row its second token and its length, `hidden` of each token its id.
  private func run(_ feed: Feed) throws -> [Tensor] {
    let ids = try #require(feed.inputs["input_ids"])
    let mask = try #require(feed.inputs["attention_mask"]?.doubles())
    let values = try #require(ids.doubles())
    let (rows, length) = (ids.shape[0], ids.shape[1])
    let logits = (0..<rows).flatMap { row -> [Float] in
      [Float(values[row * length + 1]), Float(mask[row * length..<(row + 1) * length].reduce(0, +)), 0]
    }
    return [
      try Tensor(logits, shape: [rows, 3]),
      try Tensor(values.flatMap { [Float($0), -Float($0)] }, shape: [rows, length, 2]),
    ]
  }

  private func collected(_ texts: [String], _ port: ModelInterface, batch: Int) throws -> [NamedTensor] {
    let set = try SampleReader.texts(texts, for: port, options: SampleOptions(batchSize: batch))
    var collector = OutputCollector(names: ["logits", "hidden"], set: set, interface: port)
    for index in set.feeds.indices.reversed() { try collector.add(feed: index, outputs: try run(set.feeds[index])) }
    return try collector.arrays()
  }

  private let texts = ["a", "b c d", "e", "f g", "h i j a b", "c"]

  @Test(arguments: [1, 2, 4, 32])
  func outputsComeBackInTheOrderOfTheSamples(batch: Int) throws {
    let arrays = try collected(texts, bertInterface(), batch: batch)
    #expect(arrays.map(\.name) == ["logits"] + (0..<6).map { "hidden.\($0)" })
    #expect(arrays[0].tensor.shape == [6, 3])
    #expect(arrays[0].tensor.doubles() == [4, 3, 0, 5, 5, 0, 8, 3, 0, 9, 4, 0, 11, 7, 0, 6, 3, 0])
    #expect(arrays[1].tensor.shape == [3, 2] && arrays[1].tensor.doubles() == [1, -1, 4, -4, 2, -2])
    #expect(arrays[2].tensor.shape == [5, 2] && arrays[5].tensor.shape == [7, 2])
  }

  @Test func equalLengthsAreStacked() throws {
    let arrays = try collected(["a b", "c d", "e f"], bertInterface(), batch: 2)
    #expect(arrays.map(\.name) == ["logits", "hidden"] && arrays[1].tensor.shape == [3, 4, 2])
  }

  @Test func rowsThatFillABatchAreDropped() throws {
    let arrays = try collected(texts, bertInterface(.int64, [4, 8]), batch: 1)
    #expect(arrays.map(\.name) == ["logits", "hidden"])
    #expect(arrays[0].tensor.doubles() == [4, 3, 0, 5, 5, 0, 8, 3, 0, 9, 4, 0, 11, 7, 0, 6, 3, 0])
    #expect(arrays[1].tensor.shape == [6, 8, 2])
  }

  @Test func wholeFeedsAreStackedOnANewAxis() throws {
    let feeds = (0..<3).map { Feed(inputs: [:], sample: $0) }
    let set = SampleSet(feeds: feeds, count: 3)
    var collector = OutputCollector(names: ["y", "z"], set: set, interface: interface([:]))
    for index in [2, 0, 1] {
      let y = try Tensor([Float(index), 1], shape: [2])
      let z = try Tensor([Int64](repeating: 1, count: index), shape: [index])
      try collector.add(feed: index, outputs: [y, z])
    }
    let arrays = try collector.arrays()
    #expect(arrays.map(\.name) == ["y", "z.0", "z.1", "z.2"])
    #expect(arrays[0].tensor.shape == [3, 2] && arrays[0].tensor.doubles() == [0, 1, 1, 1, 2, 1])
  }

  @Test func aSingleFeedKeepsItsOutputs() throws {
    let y = try Tensor([Float(1), 2], shape: [1, 2])
    let set = SampleSet(feeds: [Feed(inputs: [:])], count: 1, isSingleFeed: true)
    var collector = OutputCollector(names: ["y"], set: set, interface: interface([:]))
    #expect(throws: Diagnostic.self) { try collector.arrays() }
    #expect(throws: Diagnostic.self) { try collector.add(feed: 1, outputs: [y]) }
    #expect(throws: Diagnostic.self) { try collector.add(feed: 0, outputs: []) }
    try collector.add(feed: 0, outputs: [y])
    #expect(try collector.arrays() == [NamedTensor("y", y)])
  }

  @Test func packedAndTextualRowsAreCut() throws {
    let set = SampleSet(feeds: [Feed(inputs: [:], rows: [1, 0])], count: 2)
    var collector = OutputCollector(names: ["four", "text", "bad"], set: set, interface: interface([:]))
    let four = try Tensor(dtype: .int4, shape: [2, 3]) { $0.copyBytes(from: [0x21, 0x43, 0xF5]) }
    let text = try Tensor(strings: ["a", "b"], shape: [2])
    try collector.add(feed: 0, outputs: [four, text, try Tensor([Float(1)], shape: [1])])
    #expect(try collector.parts(ofOutput: 0).map { $0.integers() } == [[4, 5, -1], [1, 2, 3]])
    #expect(try Tensor.scalar(Int64(1)).rank == 0)
    #expect(try collector.parts(ofOutput: 1).map { $0.strings } == [["b"], ["a"]])
    let bad = try #require(throws: Diagnostic.self) { try collector.parts(ofOutput: 2) }
    #expect(bad.id == "samples/output-rows" && bad.location.value == "bad")
  }
}
