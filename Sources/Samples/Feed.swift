import LatheTensors

/// One run of a model: what each input is given, and which samples that is.
public struct Feed: Sendable {
  /// Tensors by input name; inputs with defaults may be missing.
  public var inputs: [String: Tensor]
  /// Inputs that are sequences or optionals, by name.
  public var compounds: [String: Datum]
  /// Which samples the rows (along the first axis) are, in order; nil if the feed is one sample as a whole.
  ///
  /// The tensors may have more rows than this: those behind the last sample only fill a batch of fixed size.
  public var rows: [Int]?
  /// Tokens of each sample's row before padding; nil where nothing was padded.
  public var lengths: [Int]?
  /// Tokens of each row with padding; nil where nothing was padded.
  public var paddedLength: Int?
  /// Index of the sample if `rows` is nil.
  public var sample: Int

  /// A feed of `inputs`; as a whole unless `rows` are given.
  public init(
    inputs: [String: Tensor], compounds: [String: Datum] = [:], rows: [Int]? = nil, lengths: [Int]? = nil,
    paddedLength: Int? = nil, sample: Int = 0
  ) {
    self.inputs = inputs
    self.compounds = compounds
    self.rows = rows
    self.lengths = lengths
    self.paddedLength = paddedLength
    self.sample = sample
  }

  /// The feed without inputs of other names.
  public func restricted(to names: Set<String>) -> Feed {
    var own = self
    own.inputs = inputs.filter { names.contains($0.key) }
    own.compounds = compounds.filter { names.contains($0.key) }
    return own
  }

  /// All inputs by name.
  public var values: [String: Datum] { inputs.mapValues { .tensor($0) }.merging(compounds) { first, _ in first } }

  /// The samples of the feed, in the order of its rows.
  public var samples: [Int] { rows ?? [sample] }
}
