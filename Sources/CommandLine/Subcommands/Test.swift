import ArgumentParser
internal import Foundation
import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheJSON

/// `lathe test`: ONNX's backend tests.
struct Test: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run cases in the layout of ONNX's backend tests.",
    discussion: """
      A case is a folder with model.onnx and test_data_set_N/{input,output}_i.pb; folders are searched for cases. Exits with 1 if any case \
      fails. Outputs agree within |actual - expected| <= atol + rtol |expected|; for elements of at most 16 bits both bounds are 0.01.
      """)

  @Argument(help: "Folders with cases, at any depth.")
  var folders: [String]

  @Option(help: ArgumentHelp("Send each model through a format and back before it runs.", valueName: "onnx|lathe|text"))
  var roundTrip: RoundTrip?

  @Option(help: ArgumentHelp("Cases to skip: a name and the reason a line, separated by a colon.", valueName: "file"))
  var knownGaps: String?

  @Option(help: "Relative tolerance.")
  var rtol = 1e-3

  @Option(help: "Absolute tolerance.")
  var atol = 1e-5

  @Option(help: ArgumentHelp("Threads (default: one a core).", valueName: "count"))
  var threads: Int?

  @Option(help: ArgumentHelp("What runs the models: the reference interpreter, or the runtime with its kernels.", valueName: "reference|runtime"))
  var engine: Engine.Name = .reference

  @Option(help: ArgumentHelp("Threads that the runtime's kernels share in each case.", valueName: "count"))
  var engineThreads = 1

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard !folders.isEmpty else { throw ValidationError("name at least one folder") }
    guard rtol >= 0, atol >= 0 else { throw ValidationError("tolerances are 0 or more") }
    guard threads.map({ $0 >= 1 && $0 <= 1024 }) ?? true else { throw ValidationError("--threads is 1 to 1024") }
    guard (1...1024).contains(engineThreads) else { throw ValidationError("--engine-threads is 1 to 1024") }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      let results = try results()
      let report = CaseReport(results)
      if json {
        Terminal.output.writeLine(report.json.serialized(pretty: true))
      } else {
        Terminal.output.write(report.text)
      }
      let failed = results.count { $0.status == .failed }
      guard failed > 0 else { return }
      throw Diagnostic("test/failed", .brokenPromise, "\(failed) of \(results.count) cases failed")
    }
  }

  private func results() throws(Diagnostic) -> [CaseResult] {
    let limits = try limits.limits()
    let gaps = try knownGaps.map { (path) throws(Diagnostic) in try KnownGaps(path: path) }
    let cases = try BackendCase.find(in: folders)
    guard !cases.isEmpty else {
      throw .invalid("test/no-cases", "there is no model.onnx below \(folders.joined(separator: ", "))")
    }
    let runner = CaseRunner(
      engine: engine, threads: engineThreads, limits: limits, closeness: Closeness(relative: rtol, absolute: atol), roundTrip: roundTrip)
    let progress = ProgressBar("testing", total: cases.count)
    defer { progress.finish() }
    return try concurrentMap(cases.count, threads: threads ?? FeedRunner.defaultThreads) { (index) throws(Diagnostic) in
      defer { progress.advance() }
      if let reason = gaps?.reasons[cases[index].name] {
        return CaseResult(name: cases[index].name, operators: [], status: .skipped, message: reason)
      }
      return runner.run(cases[index])
    }
  }
}

/// Cases that are known not to pass, each with its reason.
struct KnownGaps {
  private(set) var reasons: [String: String] = [:]

  /// - Throws: `test/known-gaps` with the line, for a line that is not `name: reason`.
  init(path: String) throws(Diagnostic) {
    let bytes = try InputFile.bytes(of: path, maximumBytes: 1 << 22)
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, !parts[1].isEmpty else {
        throw .invalid("test/known-gaps", "this line is not name: reason", at: Location(file: path, line: number + 1))
      }
      reasons[parts[0]] = parts[1]
    }
  }
}
