import LatheDiagnostics
import LatheTensors

/// Collects the outputs of a sample set's feeds, in any order, and puts them in the order of the samples.
///
/// - A single feed's outputs stay as they are.
/// - Outputs of batches are cut into rows; rows that only filled the batch are dropped. An output with the token axis of the
///   input ids as its second axis is cut to each sample's own tokens.
/// - The samples' parts are stacked along a new first axis where their types and shapes agree; else there is one array a
///   sample, `NAME.0`, `NAME.1`, ….
public struct OutputCollector: Sendable {
  /// A feed without its tensors.
  private struct Plan {
    var rows: [Int]?
    var sample: Int
    var lengths: [Int]?
    var paddedLength: Int?
    /// Rows of the feed's tensors, those that fill the batch included.
    var rowCount: Int
  }

  private let names: [String]
  private let count: Int
  private let isSingleFeed: Bool
  private let plans: [Plan]
  private let sequence: TokenAxis
  private var results: [[Tensor]?]

  /// A collector for outputs called `names` of the feeds of `set`, which were made for `interface`.
  public init(names: [String], set: SampleSet, interface: ModelInterface) {
    self.names = names
    count = set.count
    isSingleFeed = set.isSingleFeed
    plans = set.feeds.map { feed in
      let batch = feed.inputs.values.first?.shape.first ?? 1
      let rowCount = feed.paddedLength == nil ? feed.rows?.count ?? 1 : batch
      return Plan(
        rows: feed.rows, sample: feed.sample, lengths: feed.lengths, paddedLength: feed.paddedLength, rowCount: rowCount
      )
    }
    sequence = TokenAxis(interface)
    results = Array(repeating: nil, count: set.feeds.count)
  }

  /// Takes the outputs of feed `index`, in the order of the names.
  ///
  /// - Throws: an internal fault if there is no such feed, or if the outputs are not as many as the names.
  public mutating func add(feed index: Int, outputs: [Tensor]) throws(Diagnostic) {
    guard results.indices.contains(index), outputs.count == names.count else {
      throw Diagnostic(
        "samples/collector", .internalFault, "feed \(index) gave \(outputs.count) outputs, expected \(names.count)")
    }
    results[index] = outputs
  }

  /// The outputs, in the order of the names.
  ///
  /// - Throws: `samples/output-rows` if an output of a batch has not one row for each of its samples, and an internal fault
  ///   if a feed's outputs were never added.
  public func arrays() throws(Diagnostic) -> [NamedTensor] {
    var arrays: [NamedTensor] = []
    for (index, name) in names.enumerated() {
      let parts = try parts(ofOutput: index)
      if isSingleFeed {
        arrays += parts.map { NamedTensor(name, $0) }
      } else if parts.allSatisfy({ $0.dtype == parts[0].dtype && $0.shape == parts[0].shape }), !parts.isEmpty {
        arrays.append(NamedTensor(name, try Tensor.stacked(parts)))
      } else {
        arrays += parts.enumerated().map { NamedTensor("\(name).\($0)", $1) }
      }
    }
    return arrays
  }

  /// An output's part for each sample, in the order of the samples.
  ///
  /// - Throws: as `arrays()`.
  public func parts(ofOutput index: Int) throws(Diagnostic) -> [Tensor] {
    var parts = [Tensor?](repeating: nil, count: count)
    let tensors = results.map { $0?[index] }
    let paddedLengths = plans.map(\.paddedLength)
    let isTrimmed = sequence.isSecondAxis(ofOutput: names[index], tensors.map { $0?.shape ?? [] }, paddedLengths)
    for (plan, tensor) in zip(plans, tensors) {
      guard let tensor else { break }
      try place(tensor, plan, isTrimmed: isTrimmed, names[index], in: &parts)
    }
    let complete = parts.compactMap { $0 }
    guard complete.count == count else {
      throw Diagnostic(
        "samples/collector", .internalFault, "\(count - complete.count) samples have no output \(names[index])")
    }
    return complete
  }

  private func place(
    _ tensor: Tensor, _ plan: Plan, isTrimmed: Bool, _ name: String, in parts: inout [Tensor?]
  ) throws(Diagnostic) {
    guard let rows = plan.rows, tensor.shape.first == plan.rowCount, rows.count <= plan.rowCount else {
      let samples = plan.rows ?? [plan.sample]
      guard samples.count == 1, plan.rowCount == 1, let sample = samples.first, parts.indices.contains(sample) else {
        throw Self.notRows(name, tensor.shape, samples.count)
      }
      parts[sample] = tensor
      return
    }
    var shape = Array(tensor.shape.dropFirst())
    let size = try Tensor.elementCount(of: shape)
    for (row, sample) in rows.enumerated() where parts.indices.contains(sample) {
      if isTrimmed, let length = plan.lengths?[row] { shape[0] = min(length, tensor.shape[1]) }
      parts[sample] = try tensor.block(at: row * size, shape: shape)
    }
  }

  private static func notRows(_ name: String, _ shape: [Int], _ samples: Int) -> Diagnostic {
    .invalid(
      "samples/output-rows",
      "the output \(name) has the shape \(shape), which is not one row for each of \(samples) samples",
      at: Location(value: name), fix: "run one sample at a time, with a batch size of 1")
  }
}
