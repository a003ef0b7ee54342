import LatheDiagnostics
import LatheIR
import LatheTokenizers

/// Tokenizes texts and makes padded batches of them, the longest texts first; made once for a model, used for any number of texts.
///
/// Within a batch, rows are sorted by falling length, as packed recurrent networks need them; texts of one length stay in order.
public struct TextBatcher: Sendable {
  private let tokenizer: WordPieceTokenizer
  private let feeds: TextFeeds
  private let batchSize: Int
  private let maximumLength: Int
  private let chosen: Set<Int>?
  /// Whether the bound is one that was asked for, and not the model's own.
  private let isBoundChosen: Bool

  /// - Throws: `samples/…` for a model without vocabulary, or with inputs that text cannot fill.
  public init(_ interface: ModelInterface, _ options: SampleOptions) throws(Diagnostic) {
    guard options.batchSize >= 1 else {
      throw Diagnostic(
        "samples/batch-size", .usage, "a batch of \(options.batchSize) samples is none",
        fix: "choose a batch size of at least 1")
    }
    tokenizer = try TokenizerSettings.tokenizer(for: interface.text)
    let binding = try TextBinding(interface)
    feeds = TextFeeds(binding: binding, paddingID: tokenizer.paddingID, limits: options.limits)
    batchSize = binding.fixedBatch ?? options.batchSize
    maximumLength = min(options.maximumLength, interface.text?.maximumLength ?? Int.max, binding.fixedLength ?? Int.max)
    chosen = options.chosen
    isBoundChosen = maximumLength == options.maximumLength && interface.text?.maximumLength != maximumLength && binding.fixedLength != maximumLength
  }

  /// The feeds for texts without labels.
  public func sampleSet(of texts: [String]) throws(Diagnostic) -> SampleSet { try sampleSet(of: texts.map { TextSample(text: $0) }) }

  /// The feeds for `samples`.
  func sampleSet(of samples: [TextSample]) throws(Diagnostic) -> SampleSet {
    let samples = chosen.map { chosen in samples.indices.filter { chosen.contains($0) }.map { samples[$0] } } ?? samples
    guard !samples.isEmpty else { throw .noSamples }
    var rows: [EncodedRow] = []
    rows.reserveCapacity(samples.count)
    for (index, sample) in samples.enumerated() { rows.append(try encode(sample, index)) }
    let ids = rows.map(\.ids)
    let feeds = try feeds.batches(of: rows, size: batchSize)
    let labels = samples.map(\.label)
    var set = SampleSet(
      feeds: feeds, count: samples.count, labels: labels.contains { $0 != nil } ? labels : [],
      texts: samples.map(\.text), ids: ids)
    if isBoundChosen { set.truncated = try truncated(samples, rows) }
    return set
  }

  /// How many texts have more tokens than their rows.
  private func truncated(_ samples: [TextSample], _ rows: [EncodedRow]) throws(Diagnostic) -> Int {
    var count = 0
    for (sample, row) in zip(samples, rows) where row.ids.count == maximumLength {
      let whole: Int
      if let pair = sample.pair {
        whole = try tokenizer.encode(sample.text, pair, maximumLength: maximumLength + 1).ids.count
      } else {
        whole = try tokenizer.encode(sample.text, maximumLength: maximumLength + 1).count
      }
      if whole > maximumLength { count += 1 }
    }
    return count
  }

  private func encode(_ sample: TextSample, _ index: Int) throws(Diagnostic) -> EncodedRow {
    guard let pair = sample.pair else {
      return EncodedRow(
        sample: index, ids: try tokenizer.encode(sample.text, maximumLength: maximumLength), firstSegment: nil)
    }
    let encoded = try tokenizer.encode(sample.text, pair, maximumLength: maximumLength)
    let first = encoded.segmentIDs.firstIndex { $0 != 0 }
    return EncodedRow(sample: index, ids: encoded.ids, firstSegment: first)
  }
}
