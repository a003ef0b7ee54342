internal import Foundation
import LatheDiagnostics
import LatheEquivalence
import LatheJSON
import OrderedCollections

/// What a model takes in a process of its own, as `lathe bench` tells.
struct ModelCost {
  let path: String
  let load: Policy.Load

  private static let figures = ["batch", "sequence", "threads", "runs", "median_ms", "p90_ms", "peak_bytes", "private_bytes"]

  /// - Throws: `verify/cost` if the process fails.
  func measure() throws(Diagnostic) -> JSONValue {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "bench", path, "--batch", "\(load.batch)", "--sequence", "\(load.sequence)", "--threads", "\(load.threads)", "--seconds", "1", "--json",
    ]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw Diagnostic("verify/cost", .internalFault, "the model's time cannot be measured: \(error.localizedDescription)")
    }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile().prefix(2000), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw .invalid("verify/cost", "the model's time and memory cannot be measured", at: Location(file: path), notes: [complaint])
    }
    let measured = try JSONValue.parse(Array(text), file: nil)
    return .object(.init(Self.figures.compactMap { key in measured[key].map { (key, $0) } }) { first, _ in first })
  }
}
