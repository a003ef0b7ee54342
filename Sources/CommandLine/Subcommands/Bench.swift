import ArgumentParser
internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheReports
import LatheSamples
import LatheTensors
import OrderedCollections

/// `lathe bench`: how long a model takes.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a model on made-up inputs of a given size, or a tokenizer on texts.",
    discussion: """
      Open axes are the batch where they come first, else the sequence. Whole numbers are 1, numbers without a sequence are its length.
      With --texts, what is timed is the tokenizer: that of a .lathe file, or of a vocab.txt or tokenizer.json in its place.
      """)

  @Argument(help: "The model: \(ModelLoader.formats); with --texts a .lathe file, vocab.txt or tokenizer.json.")
  var model: String

  @Option(help: ArgumentHelp("Time the tokenizer on these texts: .jsonl or .txt.", valueName: "file"))
  var texts: String?

  @Option(help: ArgumentHelp("Rows that run together.", valueName: "rows"))
  var batch = 1

  @Option(help: ArgumentHelp("Length of what is open beside the batch.", valueName: "tokens"))
  var sequence = 32

  @Option(help: ArgumentHelp("Threads.", valueName: "count"))
  var threads = 1

  @Option(help: ArgumentHelp("Seconds to measure for.", valueName: "seconds"))
  var seconds = 2.0

  @Option(help: ArgumentHelp("What runs the model.", valueName: "reference|runtime"))
  var engine: Engine.Name = .runtime

  @Flag(help: "Show what each node took, over all runs.")
  var profile = false

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard batch >= 1, sequence >= 1 else { throw ValidationError("--batch and --sequence are at least 1") }
    guard (1...1024).contains(threads) else { throw ValidationError("--threads is 1 to 1024") }
    guard !profile || engine == .runtime else { throw ValidationError("--profile is the runtime's") }
    guard texts == nil || !profile && engine == .runtime && batch == 1 && sequence == 32 else {
      throw ValidationError("--texts times the tokenizer: --batch, --sequence, --engine and --profile are the model's")
    }
    guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds is over 0 and at most 3600") }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      let limits = try limits.limits()
      if let texts {
        let bench = TokenizerBench(path: model, texts: texts, threads: threads, seconds: seconds, limits: limits)
        return Terminal.output.write(try bench.run().rendered(json: json))
      }
      let clock = ContinuousClock()
      let start = clock.now
      let loaded = try ModelLoader(limits: limits).load(model).model
      let runner = try Engine(engine, loaded.graph, file: model, limits: limits, threads: threads)
      let opened = clock.now
      let feed = try BenchFeed(batch: batch, sequence: sequence).feed(for: ModelInterface(loaded))
      let firstStart = clock.now
      _ = try runner.run(feed)
      let first = firstStart.duration(to: clock.now)
      let startUp = StartUp(
        open: start.duration(to: opened) / .milliseconds(1), first: first / .milliseconds(1), dirtyBytes: Self.dirtyBytes)
      let times = try measure(runner, feed).sorted()
      let profile = try profile ? BenchProfile(runner, feed, seconds: seconds) : nil
      report(times, startUp, profile)
    }
  }

  /// What it takes to come to the first answer.
  private struct StartUp {
    /// Milliseconds from the path to a runner.
    let open: Double
    /// Milliseconds of the first run.
    let first: Double
    /// Bytes of memory after it that no other process shares and no file backs.
    let dirtyBytes: Int?
  }

  /// Milliseconds of each run.
  private func measure(_ engine: Engine, _ feed: Feed) throws(Diagnostic) -> [Double] {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var times: [Double] = []
    repeat {
      let start = clock.now
      _ = try engine.run(feed)
      times.append(start.duration(to: clock.now) / .milliseconds(1))
    } while clock.now < end
    return times
  }

  private func report(_ times: [Double], _ startUp: StartUp, _ profile: BenchProfile?) {
    func quantile(_ share: Double) -> Double { times[min(times.count - 1, Int(share * Double(times.count)))] }
    let memory = Self.peakMemory
    if json {
      var result: OrderedDictionary<String, JSONValue> = [
        "model": .string(model), "engine": .string(engine.name), "batch": .integer(Int64(batch)),
        "sequence": .integer(Int64(sequence)), "threads": .integer(Int64(threads)), "runs": .integer(Int64(times.count)),
        "median_ms": .number(quantile(0.5)), "p10_ms": .number(quantile(0.1)), "p90_ms": .number(quantile(0.9)),
        "open_ms": .number(startUp.open), "first_ms": .number(startUp.first),
        "private_bytes": startUp.dirtyBytes.map { .integer(Int64($0)) } ?? .null, "peak_bytes": .integer(Int64(memory)),
      ]
      if let profile { result["profile"] = profile.json }
      return Terminal.output.writeLine(JSONValue.object(result).serialized(pretty: true))
    }
    var table = TextTable([
      ("engine", .left), ("batch", .right), ("sequence", .right), ("threads", .right), ("runs", .right), ("median ms", .right),
      ("p10", .right), ("p90", .right), ("open", .right), ("first", .right), ("private", .right), ("peak memory", .right),
    ])
    let figures = ([0.5, 0.1, 0.9].map(quantile) + [startUp.open, startUp.first]).map { String(format: "%.3f", $0) }
    let sizes = [startUp.dirtyBytes.map { NumberFormat.bytes($0) } ?? "?", NumberFormat.bytes(memory)]
    table.append([engine.name, "\(batch)", "\(sequence)", "\(threads)", "\(times.count)"] + figures + sizes)
    Terminal.output.write(table.render())
    if let profile { Terminal.output.write("\n" + profile.table.render()) }
  }

  /// Private_Dirty of the process; nil where the system does not tell.
  private static var dirtyBytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Private_Dirty:") })
    else { return nil }
    return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
  }

  /// Most memory this process had, in bytes.
  private static var peakMemory: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
