import LatheDiagnostics
import LatheIR
import LatheTensors
import LatheTokenizers

/// Makes samples for a model that comes without any.
public struct SampleGenerator: Sendable {
  /// Samples that were made.
  public struct Generated: Sendable {
    public var set: SampleSet
    /// The same samples in the other model's ids; nil where both have the same.
    public var other: SampleSet?
    /// What they are, a line each.
    public var parts: [String]
  }

  private let model: Model
  private let interface: ModelInterface
  private let ranges: [String: ClosedRange<Double>]
  private let seed: UInt64
  /// A model with a vocabulary of its own that is to get the same tokens.
  private let other: Model?

  /// - Parameters:
  ///   - other: a model to be compared that may have another vocabulary.
  ///   - ranges: what the numbers of inputs are, where the user says so.
  public init(_ model: Model, other: Model? = nil, seed: UInt64, ranges: [String: ClosedRange<Double>] = [:]) {
    (self.model, self.other, self.seed, self.ranges) = (model, other, seed, ranges)
    interface = ModelInterface(model)
  }

  /// - Parameter withPadding: whether there are rows of padding alone, where the model takes texts.
  /// - Throws: `samples/generate` for inputs that nothing can be made for.
  public func generate(_ options: SampleOptions, withPadding: Bool) throws(Diagnostic) -> Generated {
    let rows = IndexBounds.rows(of: model.graph)
    for name in ranges.keys.sorted() where interface.input(name) == nil {
      throw Diagnostic(
        "samples/generate", .usage, "there is no input \(name) to have a range",
        fix: Spelling.nearest(name, among: interface.inputs.map(\.name)).map { "did you mean \($0)?" })
    }
    guard let binding = try? TextBinding(interface), let ids = binding.targets.first(where: { $0.role == .ids })?.name else {
      var generator = TensorSampleGenerator(ranges: ranges, rows: rows, seed: seed)
      let feeds = try generator.feeds(8, for: interface, options.limits)
      return Generated(set: SampleSet(feeds: feeds, count: feeds.count), parts: generator.parts)
    }
    let vocabulary = try Self.vocabulary(of: model)
    let alphabet = try alphabet(vocabulary, rows[ids], ids)
    var longest = min(options.maximumLength, interface.text?.maximumLength ?? Int.max, binding.fixedLength ?? Int.max)
    for target in binding.targets where target.role == .positions { longest = min(longest, rows[target.name] ?? longest) }
    var generator = TokenSampleGenerator(
      alphabet, longest: max(1, longest), hasSegments: binding.targets.contains { $0.role == .segments }, seed: seed)
    // Lengths of 0 are no lengths to recurrent networks.
    let takesPadding = withPadding && binding.targets.contains { $0.role == .mask }
    generator.generate(withPadding: takesPadding)
    let texts = vocabulary.map { tokens in generator.rows.map { row in row.ids.map { tokens.tokens[Int($0)] }.joined(separator: " ") } }
    var set = try sampleSet(generator.rows, interface, binding, vocabulary, options)
    set.texts = texts
    guard let other, let mapping = try mapping(vocabulary, other) else { return Generated(set: set, parts: generator.parts) }
    let theirs = generator.rows.map { EncodedRow(sample: $0.sample, ids: $0.ids.map { mapping[$0] ?? 0 }, firstSegment: $0.firstSegment) }
    let own = ModelInterface(other)
    var second = try sampleSet(theirs, own, try TextBinding(own), try Self.vocabulary(of: other), options)
    second.texts = texts
    return Generated(set: set, other: second, parts: generator.parts)
  }

  private func sampleSet(
    _ rows: [EncodedRow], _ interface: ModelInterface, _ binding: TextBinding, _ vocabulary: Vocabulary?, _ options: SampleOptions
  ) throws(Diagnostic) -> SampleSet {
    let padding = try vocabulary.map { (_) throws(Diagnostic) in try TokenizerSettings.tokenizer(for: interface.text).paddingID } ?? 0
    let feeds = TextFeeds(binding: binding, paddingID: padding, limits: options.limits)
    return SampleSet(feeds: try feeds.batches(of: rows, size: binding.fixedBatch ?? max(1, options.batchSize)), count: rows.count, ids: rows.map(\.ids))
  }

  /// The other model's ids of the tokens; nil where they are the same.
  private func mapping(_ vocabulary: Vocabulary?, _ other: Model) throws(Diagnostic) -> [Int32: Int32]? {
    guard let vocabulary, let theirs = try Self.vocabulary(of: other), theirs.tokens != vocabulary.tokens else { return nil }
    let places = Dictionary(theirs.tokens.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
    return Dictionary(vocabulary.tokens.enumerated().compactMap { id, token in places[token].map { (Int32(id), $0) } }) { first, _ in first }
  }

  private static func vocabulary(of model: Model) throws(Diagnostic) -> Vocabulary? {
    guard let bytes = model.text?.vocabulary, !bytes.isEmpty else { return nil }
    return try Vocabulary(bytes)
  }

  private func alphabet(_ vocabulary: Vocabulary?, _ rows: Int?, _ input: String) throws(Diagnostic) -> TokenSampleGenerator.Alphabet {
    let given = ranges[input].map { (lower: Int(min(max(0, $0.lowerBound), 1e9)), upper: Int(min(max(0, $0.upperBound), 1e9))) }
    guard let count = [vocabulary?.count, rows, given.map { $0.upper + 1 }].compactMap({ $0 }).min(), count > 0 else {
      throw .invalid(
        "samples/generate", "how many tokens the input \(input) can be is not known", at: Location(value: input),
        fix: "give the vocabulary with --vocab, --input-range \(input)=0:N, or samples")
    }
    guard count <= 1 << 22 else { throw .invalid("samples/generate", "a vocabulary of \(count) tokens is too large to generate samples for") }
    guard given?.lower ?? 0 < count else {
      throw Diagnostic("samples/generate", .usage, "the range of \(input) starts behind its \(count) tokens", fix: "give --input-range \(input)=0:\(count - 1) or less")
    }
    var ids = (Int32(given?.lower ?? 0)..<Int32(count)).map { $0 }
    guard let vocabulary else { return .init(ids: ids) }
    let tokens = vocabulary.tokens
    if let other, let theirs = try Self.vocabulary(of: other) {
      let known = Set(theirs.tokens)
      ids = ids.filter { known.contains(tokens[Int($0)]) }
    }
    guard !ids.isEmpty else { throw .invalid("samples/generate", "the models' vocabularies have no token in common") }
    let settings = try TokenizerSettings.tokenizer(for: model.text)
    var alphabet = TokenSampleGenerator.Alphabet(ids: ids)
    let prefix = settings.options.continuingPrefix
    alphabet.continuations = Set(ids.filter { !prefix.isEmpty && tokens[Int($0)].hasPrefix(prefix) })
    let own = settings.options
    let names = Set([own.classToken, own.separatorToken, own.paddingToken, own.maskToken, own.unknownToken])
    alphabet.special = Set(ids.filter { names.contains(tokens[Int($0)]) || tokens[Int($0)].hasPrefix("[unused") })
    alphabet.start = ids.first { tokens[Int($0)] == own.classToken }
    alphabet.separator = ids.first { tokens[Int($0)] == own.separatorToken }
    return alphabet
  }
}
