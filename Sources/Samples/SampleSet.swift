import LatheTensors

/// Samples, made into feeds for one model.
public struct SampleSet: Sendable {
  /// The runs that cover every sample once; not in the order of the samples.
  public var feeds: [Feed]
  /// Number of samples.
  public var count: Int
  /// Class index of each sample, nil for those without; empty if no sample has one.
  public var labels: [Int?]
  /// The texts, by sample; nil if the samples are no texts.
  public var texts: [String]?
  /// The token ids of each text, special tokens included; nil if the samples are no texts.
  public var ids: [[Int32]]?
  /// Texts of which a part was left out, since they have more tokens than was asked for.
  public var truncated = 0
  /// Outputs that came with the samples, by name: one dictionary a sample, or empty.
  public var expectedOutputs: [[String: Tensor]]
  /// Whether the source is one feed as a whole (.npz, .npy, one .pb set), so that outputs are written as they are.
  public var isSingleFeed: Bool

  /// A set of feeds that cover `count` samples.
  public init(
    feeds: [Feed], count: Int, labels: [Int?] = [], texts: [String]? = nil, ids: [[Int32]]? = nil, expectedOutputs: [[String: Tensor]] = [],
    isSingleFeed: Bool = false
  ) {
    self.feeds = feeds
    self.count = count
    self.labels = labels
    self.texts = texts
    self.ids = ids
    self.expectedOutputs = expectedOutputs
    self.isSingleFeed = isSingleFeed
  }

  /// The one feed of a source that is read as a whole.
  init(whole inputs: [String: Tensor], compounds: [String: Datum] = [:], expected: [String: Tensor] = [:]) {
    self.init(
      feeds: [Feed(inputs: inputs, compounds: compounds)], count: 1,
      expectedOutputs: expected.isEmpty ? [] : [expected], isSingleFeed: true)
  }
}
