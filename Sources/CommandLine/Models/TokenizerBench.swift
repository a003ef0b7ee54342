internal import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LatheReports
import LatheSamples
import LatheTokenizers

/// How long a tokenizer takes.
struct TokenizerBench {
  /// A .lathe file, vocab.txt or tokenizer.json.
  let path: String
  /// A file of texts.
  let texts: String
  let threads: Int
  let seconds: Double
  let limits: ResourceLimits

  /// What was measured.
  struct Result {
    var path: String
    var threads: Int
    var texts: Int
    var bytes: Int
    /// Tokens of all texts, special ones included.
    var tokens = 0
    /// Milliseconds from the path to a tokenizer.
    var open: Double
    /// Microseconds a text, of each run over all texts, ascending.
    var times: [Double] = []
  }

  /// Encodes all texts again and again.
  ///
  /// - Throws: when there is no tokenizer, or when there are no texts.
  func run() throws(Diagnostic) -> Result {
    let clock = ContinuousClock()
    let opening = clock.now
    let tokenizer = try open()
    let open = opening.duration(to: clock.now) / .milliseconds(1)
    let texts = try SampleReader.texts(at: texts, limits: limits)
    var result = Result(
      path: path, threads: threads, texts: texts.count, bytes: texts.reduce(0) { $0 + $1.utf8.count }, open: open)
    let end = clock.now + .seconds(seconds)
    repeat {
      let start = clock.now
      let ids = try tokenizer.encode(texts, maximumLength: .max, threads: threads)
      result.times.append(start.duration(to: clock.now) / .microseconds(1) / Double(texts.count))
      result.tokens = ids.reduce(0) { $0 + $1.count }
    } while clock.now < end
    result.times.sort()
    return result
  }

  private func open() throws(Diagnostic) -> WordPieceTokenizer {
    let isModel = try MappedFile(path: path).prefix(64).withUnsafeBytes(CompactLayout.isCompact)
    guard isModel || path.hasSuffix(".onnx") else {
      let file = try TokenizerFile(at: path)
      return try WordPieceTokenizer(vocabulary: file.vocabulary, options: file.options)
    }
    do {
      return try TokenizerSettings.tokenizer(for: try ModelLoader(limits: limits).load(path).model.text)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }
}

extension TokenizerBench.Result {
  private var median: Double { times[times.count / 2] }

  /// The result as a table, or as JSON.
  func rendered(json: Bool) -> String {
    let least = times.first ?? 0
    if json {
      let value: JSONValue = [
        "tokenizer": .string(path), "threads": .integer(Int64(threads)), "texts": .integer(Int64(texts)),
        "bytes": .integer(Int64(bytes)), "tokens": .integer(Int64(tokens)), "runs": .integer(Int64(times.count)),
        "median_us": .number(median), "least_us": .number(least), "open_ms": .number(open),
      ]
      return value.serialized(pretty: true) + "\n"
    }
    var table = TextTable([
      ("texts", .right), ("bytes a text", .right), ("tokens", .right), ("threads", .right), ("runs", .right),
      ("median µs a text", .right), ("least", .right), ("open ms", .right),
    ])
    let figures = [median, least, open].map { String(format: "%.3f", $0) }
    let counts = [NumberFormat.grouped(texts), "\(bytes / texts)", NumberFormat.grouped(tokens), "\(threads)", "\(times.count)"]
    table.append(counts + figures)
    return table.render()
  }
}
