import LatheDiagnostics
import LatheIR
import LatheTensors
import LatheTokenizers

/// Tokenizes texts and makes padded batches of them, the longest texts first; made once for a model, used for any number of texts.
///
/// Within a batch, rows are sorted by falling length, as packed recurrent networks need them; texts of one length stay in order.
public struct TextBatcher: Sendable {
  private let tokenizer: WordPieceTokenizer
  private let binding: TextBinding
  private let batchSize: Int
  private let maximumLength: Int
  private let chosen: Set<Int>?
  private let limits: ResourceLimits

  /// - Throws: `samples/…` for a model without vocabulary, or with inputs that text cannot fill.
  public init(_ interface: ModelInterface, _ options: SampleOptions) throws(Diagnostic) {
    guard options.batchSize >= 1 else {
      throw Diagnostic(
        "samples/batch-size", .usage, "a batch of \(options.batchSize) samples is none",
        fix: "choose a batch size of at least 1")
    }
    tokenizer = try TokenizerSettings.tokenizer(for: interface.text)
    binding = try TextBinding(interface)
    batchSize = binding.fixedBatch ?? options.batchSize
    maximumLength = min(options.maximumLength, interface.text?.maximumLength ?? Int.max, binding.fixedLength ?? Int.max)
    limits = options.limits
    chosen = options.chosen
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
    rows.sort { $0.ids.count != $1.ids.count ? $0.ids.count > $1.ids.count : $0.sample < $1.sample }
    var feeds: [Feed] = []
    for start in stride(from: 0, to: rows.count, by: batchSize) {
      feeds.append(try feed(of: rows[start..<min(start + batchSize, rows.count)]))
    }
    let labels = samples.map(\.label)
    return SampleSet(
      feeds: feeds, count: samples.count, labels: labels.contains { $0 != nil } ? labels : [],
      texts: samples.map(\.text), ids: ids)
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

  private func feed(of rows: ArraySlice<EncodedRow>) throws(Diagnostic) -> Feed {
    let length = binding.fixedLength ?? rows.first?.ids.count ?? 0
    let batch = binding.fixedBatch ?? rows.count
    let filled = Array(rows) + (rows.last.map { Array(repeating: $0, count: batch - rows.count) } ?? [])
    var inputs: [String: Tensor] = [:]
    for target in binding.targets { inputs[target.name] = try tensor(target, filled, length: length) }
    return Feed(
      inputs: inputs, rows: rows.map(\.sample), lengths: rows.map(\.ids.count), paddedLength: length)
  }

  private func tensor(_ target: TextBinding.Target, _ rows: [EncodedRow], length: Int) throws(Diagnostic) -> Tensor {
    let shape = target.role == .lengths ? [rows.count] : [rows.count, length]
    let count = try Tensor.elementCount(of: shape)
    guard let bytes = target.dtype.byteCount(of: count), bytes <= limits.tensorBytes else {
      throw limits.exceeded(
        "tensor-bytes", "a batch of \(rows.count) texts of \(length) tokens for \(target.name) is larger")
    }
    if target.dtype == .bool {
      return try Tensor(of: Bool.self, shape: shape) { (out) throws(Diagnostic) in
        forEachValue(target.role, rows, length) { out[$0] = $1 != 0 }
      }
    }
    guard let type = target.dtype.numericType else {
      throw .invalid("samples/text-input", "the input \(target.name) of \(target.dtype) cannot be made from text")
    }
    return try numbers(type, target.role, rows, length, shape)
  }

  private func numbers<T: NumericElement>(
    _ type: T.Type, _ role: TextRole, _ rows: [EncodedRow], _ length: Int, _ shape: [Int]
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: shape) { (out) throws(Diagnostic) in
      forEachValue(role, rows, length) { out[$0] = T(double: Double($1)) }
    }
  }

  /// Calls `write` with the place and the value of each element that is not zero.
  @inline(__always)
  private func forEachValue(_ role: TextRole, _ rows: [EncodedRow], _ length: Int, _ write: (Int, Int) -> Void) {
    for (row, encoded) in rows.enumerated() {
      let start = row * length
      let count = encoded.ids.count
      switch role {
      case .ids:
        for (column, id) in encoded.ids.enumerated() { write(start + column, Int(id)) }
        for column in count..<length { write(start + column, Int(tokenizer.paddingID)) }
      case .mask: for column in 0..<count { write(start + column, 1) }
      case .segments: for column in (encoded.firstSegment ?? count)..<count { write(start + column, 1) }
      case .positions: for column in 0..<length { write(start + column, column) }
      case .taskTypes: break
      case .lengths: write(row, count)
      }
    }
  }
}

/// The tokens of one sample.
private struct EncodedRow {
  var sample: Int
  var ids: [Int32]
  /// Where the second text of a pair starts; nil for a single text.
  var firstSegment: Int?
}
