import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheJSON
import LathePlugins
import OrderedCollections

/// What a model takes in a process of its own, as `lathe bench` tells.
struct ModelCost {
  let path: String
  let load: Policy.Load

  private static let figures = ["batch", "sequence", "threads", "runs", "median_ms", "p90_ms", "peak_bytes", "private_bytes"]
  private static let timeout = Duration.seconds(600)
  private static let maximumBytes = 1 << 20

  /// - Throws: `verify/cost` if the process fails or does not end in time.
  func measure() throws(Diagnostic) -> JSONValue {
    let words = [
      "bench", path, "--batch", "\(load.batch)", "--sequence", "\(load.sequence)", "--threads", "\(load.threads)", "--seconds", "1", "--json",
    ]
    let bench = ExternalProgram("/proc/self/exe", words, named: path, timeout: Self.timeout)
    do throws(Diagnostic) {
      let output = "bench.json"
      return try bench.run(output: output) { (_) throws(Diagnostic) in
        []
      } collect: { (folder) throws(Diagnostic) in
        let measured = try JSONValue.parse(try InputFile.bytes(of: folder + output, maximumBytes: Self.maximumBytes), file: nil)
        return .object(.init(Self.figures.compactMap { key in measured[key].map { (key, $0) } }) { first, _ in first })
      }
    } catch {
      throw .invalid(
        "verify/cost", "the model's time and memory cannot be measured", at: Location(file: path), notes: [error.message] + error.notes)
    }
  }
}
