import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Stores tables whose rows are looked up as codes of a few bits, with a codebook that says what they mean.
///
/// ```
/// %w = Gather(@words, %ids)    →    %w = lathe::CodedGather(@words.codes, %ids, @words.codebook) {bits = 4, width = 128}
/// ```
/// Look-ups of embeddings that are fused with their normalization, in float or in INT8, read codes in the same way. Rows are decoded as they are
/// looked up: nothing is unpacked when a model is opened.
///
/// The scheme `log` has one codebook for a table, with an exact zero, so that padding stays zero. Its `dictionary` is `optimal`: the levels of the
/// least squared error, each row weighted by how often its token occurs, if that is known, by dynamic programming; `frequency`: the most frequent
/// powers 2^(k · step); or `magnitude`: the largest of those, half of the codes for negative numbers, without a zero of its own, which with 8 bits
/// and a step of 1/8 is what PaddleSlim's quant_embedding (type `log`) makes. The scheme `linear` has even steps and a scale for each row.
///
/// `ignore` and `only` name nodes, as in `quantize/int8`, or tables.
public struct QuantizeEmbeddings: Pass {
  public struct Options: PassOptions {
    /// Of a code: 8, 6, 5 or 4.
    public var bits = 8
    /// `log` or `linear`.
    public var scheme = Scheme.log
    /// `optimal`, `frequency` or `magnitude`; for the scheme `log`.
    public var dictionary = Dictionary.optimal
    /// Octaves between neighbouring levels of `frequency` and `magnitude`: 1, 1/2, 1/4, 1/8 or 1/16; 0 for what suits the bits.
    public var step = 0.0
    /// Whether each row is divided by its largest magnitude before it is coded; for the scheme `log`.
    public var rowScales = false
    /// Tables of fewer rows stay in float.
    public var minimumRows = 64
    /// Nodes and tables that stay in float.
    public var ignore: [String] = []
    /// Nodes and tables that alone are coded; empty for all.
    public var only: [String] = []

    public init() {}
  }

  /// What a codebook is made for.
  public enum Scheme: String, Codable, Sendable, CaseIterable {
    case log, linear

    /// - Throws: `DecodingError.dataCorrupted` that names all.
    public init(from decoder: any Decoder) throws { self = try decoder.choice() }
  }

  /// Which levels a codebook holds.
  public enum Dictionary: String, Codable, Sendable, CaseIterable {
    case optimal, frequency, magnitude

    /// - Throws: `DecodingError.dataCorrupted` that names all.
    public init(from decoder: any Decoder) throws { self = try decoder.choice() }
  }

  public static let id: PassID = "quantize/embeddings"
  public static let summary = "stores tables whose rows are looked up as codes of 4 to 8 bits"

  private let options: Options

  public init(options: Options) { self.options = options }

  /// Levels half an octave apart turn the rows of rare tokens far more than optimal ones.
  public var guarantee: Guarantee {
    let isCoarse = options.bits < 5 && options.scheme == .log && options.dictionary != .optimal
    return .approximate(metric: .cosine, bound: options.bits == 8 ? 0.99 : isCoarse ? 0.6 : 0.9)
  }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    let coder = try TableCoder(options)
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    var outcome = PassOutcome()
    let tables = EmbeddingTable.all(in: graph)
    selection.noteUnmatched(in: graph, operands: tables.map(\.value), to: &outcome)
    var rewriting = CodedLookUps(context)
    for table in tables {
      let subject = table.description(graph)
      if let reason = table.refusal(graph, selection, minimumRows: options.minimumRows) {
        outcome.record(subject, .declined(reason))
        continue
      }
      guard let floats = graph.constant(table.value) else { continue }
      let counts = try counts(of: table, floats, context)
      let coded = try coder.coded(floats, counts: counts)
      guard coded.byteCount < floats.byteCount else {
        outcome.record(subject, .declined("as codes it takes \(coded.byteCount) bytes, as floats \(floats.byteCount)"))
        continue
      }
      try rewriting.add(coded, of: table, &graph)
      outcome.record(subject, .done)
      let error = coded.relativeErrorText
      outcome.notes.append(
        "\(graph[table.value].name): \(coder.description(counts: counts)), relative error \(error), \(floats.byteCount) → \(coded.byteCount) bytes")
    }
    try rewriting.run(on: &graph)
    return outcome
  }

  /// How often each row is looked up, where that is known.
  private func counts(of table: EmbeddingTable, _ floats: Tensor, _ context: PassContext) throws(Diagnostic) -> [Int]? {
    guard table.isByIDs, let count = context.tokenCounts, let counts = try count(), counts.count == floats.shape[0] else { return nil }
    return counts
  }
}

extension Decoder {
  /// One of the cases of an enumeration, by its name.
  fileprivate func choice<T: RawRepresentable & CaseIterable>() throws -> T where T.RawValue == String {
    let name = try singleValueContainer().decode(String.self)
    if let known = T(rawValue: name) { return known }
    let names = T.allCases.map(\.rawValue)
    throw DecodingError.dataCorrupted(
      .init(codingPath: codingPath, debugDescription: "\(name) is none of \(names.joined(separator: ", "))"))
  }
}
