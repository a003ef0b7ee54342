import LatheDiagnostics
import LathePassKit
import LatheTensors

/// Codes tables as the options of `quantize/embeddings` say.
struct TableCoder {
  private enum Method { case linear, optimal, frequency(LogGrid), magnitude(LogGrid) }

  private let options: QuantizeEmbeddings.Options
  private let method: Method

  /// - Throws: `quantize/bits`, `quantize/step`, and `quantize/dictionary` for options that have no meaning beside each other.
  init(_ options: QuantizeEmbeddings.Options) throws(Diagnostic) {
    self.options = options
    guard [8, 6, 5, 4].contains(options.bits) else { throw Self.misuse("quantize/bits", "bits is 8, 6, 5 or 4, not \(options.bits)") }
    let isOptimal = options.dictionary == .optimal
    switch (options.scheme, options.dictionary) {
    case (.linear, _):
      guard isOptimal, options.step == 0, !options.rowScales else {
        throw Self.misuse("quantize/dictionary", "dictionary, step and row-scales belong to the scheme log")
      }
      method = .linear
    case (.log, .optimal):
      guard options.step == 0 else {
        throw Self.misuse("quantize/dictionary", "the dictionary optimal has no step: frequency and magnitude have one")
      }
      method = .optimal
    case (.log, .frequency): method = .frequency(try Self.grid(options))
    case (.log, .magnitude): method = .magnitude(try Self.grid(options))
    }
  }

  /// The grid of the step that is asked for; else, of the one that was best for the bits on models with tables of 128 columns.
  private static func grid(_ options: QuantizeEmbeddings.Options) throws(Diagnostic) -> LogGrid {
    let step = options.step != 0 ? options.step : options.bits == 8 ? 1.0 / 8 : options.bits == 6 ? 1.0 / 4 : 1.0 / 2
    if let grid = LogGrid(step: step) { return grid }
    throw misuse("quantize/step", "step is 1, 1/2, 1/4, 1/8 or 1/16, not \(options.step)")
  }

  private static func misuse(_ id: String, _ message: String) -> Diagnostic {
    Diagnostic(id, .usage, message, at: Location(pass: QuantizeEmbeddings.id.rawValue))
  }

  /// How tables are coded, in a few words.
  func description(counts: [Int]?) -> String {
    guard options.scheme == .log else { return "\(options.bits) bits, linear" }
    let weighting = options.dictionary == .optimal && counts != nil ? " for what the texts look up" : ""
    return "\(options.bits) bits, \(options.dictionary.rawValue) dictionary\(weighting)\(options.rowScales ? ", row scales" : "")"
  }

  /// A matrix of finite floats as codes.
  ///
  /// - Parameter counts: how often each row is looked up.
  func coded(_ floats: Tensor, counts: [Int]?) throws(Diagnostic) -> CodedFloats {
    // A row that the texts never look up weighs a little all the same.
    let weights = counts.map { $0.map { Double(max(0, $0)) + 1 } }
    let scales = scales(floats)
    let (levels, codes) = levelsAndCodes(Self.quotients(floats, scales)) { Self.rowWeights(weights, scales, floats.shape[0]) }
    let unused = [Float](repeating: 0, count: max(0, (1 << options.bits) - levels.count))
    return try CodedFloats(
      floats, codes: codes, codebook: levels + unused, scales: scales, weights: weights, bits: options.bits)
  }

  /// The levels, and which of them each value gets.
  ///
  /// - Parameter weights: of the rows.
  private func levelsAndCodes(_ values: [Float], _ weights: () -> [Double]) -> (levels: [Float], codes: [UInt8]) {
    switch method {
    case .linear:
      let most = mostStep
      let codes = values.map { UInt8(min(most, max(-most, $0.rounded(.toNearestOrEven))) + most) }
      return (stride(from: -most, through: most, by: 1).map { $0 }, codes)
    case .magnitude(let grid):
      let dictionary = MagnitudeDictionary(values, grid, bits: options.bits)
      return (dictionary.levels, values.map(dictionary.code))
    case .frequency(let grid):
      let levels = FrequencyDictionary.levels(values, grid, bits: options.bits)
      return (levels, NearestLevels(levels).codes(of: values))
    case .optimal:
      let levels = OptimalLevels(FineHistogram(values, weights())).levels(1 << options.bits)
      return (levels, NearestLevels(levels).codes(of: values))
    }
  }

  /// Even steps on either side of zero.
  private var mostStep: Float { Float((1 << (options.bits - 1)) - 1) }

  /// The scale of each row; nil if rows have none.
  private func scales(_ floats: Tensor) -> [Float]? {
    if case .linear = method { return Self.largestMagnitudes(floats, over: mostStep) }
    return options.rowScales ? Self.largestMagnitudes(floats, over: 1) : nil
  }

  /// The largest magnitude of each row, divided by a number; 1 for rows of zeros.
  private static func largestMagnitudes(_ floats: Tensor, over divisor: Float) -> [Float] {
    let width = floats.shape[1]
    return floats.withElements(as: Float.self) { values in
      (0..<floats.shape[0]).map { row in
        let most = values[row * width..<(row + 1) * width].reduce(0) { max($0, abs($1)) } / divisor
        return most == 0 ? 1 : most
      }
    }
  }

  private static func quotients(_ floats: Tensor, _ scales: [Float]?) -> [Float] {
    floats.withElements(as: Float.self) { values in
      guard let scales else { return Array(values) }
      let width = floats.shape[1]
      return values.enumerated().map { $1 / scales[$0 / width] }
    }
  }

  /// What an error in a quotient costs, by row.
  private static func rowWeights(_ weights: [Double]?, _ scales: [Float]?, _ rows: Int) -> [Double] {
    (0..<rows).map { row in
      let scale = Double(scales?[row] ?? 1)
      return (weights?[row] ?? 1) * scale * scale
    }
  }
}
