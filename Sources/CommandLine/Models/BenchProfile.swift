internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheRuntime
import LatheSamples

/// What each node of a model takes.
struct BenchProfile {
  /// One node over all runs.
  private struct Row {
    let name: String
    let op: String
    let kernel: String?
    /// Milliseconds in the median run.
    let milliseconds: Double
  }

  private let rows: [Row]
  private var total: Double { rows.reduce(0) { $0 + $1.milliseconds } }

  /// Runs the model for about `seconds`.
  ///
  /// - Throws: the engine's diagnostics.
  init(_ engine: Engine, _ feed: Feed, seconds: Double) throws(Diagnostic) {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var runs: [[NodeTime]] = []
    repeat {
      guard let times = try engine.profile(feed.values) else { break }
      runs.append(times)
    } while clock.now < end && runs.count < 10_000
    let graph = engine.graph
    rows = (runs.first ?? []).enumerated().map { index, first in
      let times = runs.map { $0[index].duration / .milliseconds(1) }.sorted()
      return Row(
        name: graph.describe(first.node), op: graph[first.node].op.name.description,
        kernel: first.kernel.map { $0.hasSuffix("Kernel") ? String($0.dropLast(6)) : $0 }, milliseconds: times[times.count / 2])
    }
  }

  var json: JSONValue {
    .array(rows.map { row in
      [
        "node": .string(row.name), "op": .string(row.op), "kernel": row.kernel.map { .string($0) } ?? .null,
        "median_ms": .number(row.milliseconds),
      ]
    })
  }

  /// Operators first, the slowest on top, then the nodes that take most.
  var table: TextTable {
    var table = TextTable([("operator or node", .left), ("kernel", .left), ("nodes", .right), ("median ms", .right), ("share", .right)])
    let groups = Dictionary(grouping: rows) { "\($0.op)|\($0.kernel ?? "reference")" }
    let sums = groups.map { ($0.value[0], $0.value.count, $0.value.reduce(0) { $0 + $1.milliseconds }) }
    for (row, count, sum) in sums.sorted(by: { ($0.2, $1.0.op) > ($1.2, $0.0.op) }) {
      table.append([row.op, row.kernel ?? "(reference)", "\(count)", format(sum), share(sum)])
    }
    for row in rows.sorted(by: { $0.milliseconds > $1.milliseconds }).prefix(10) {
      table.append(["  \(row.name)", row.kernel ?? "(reference)", "", format(row.milliseconds), share(row.milliseconds)])
    }
    return table
  }

  private func format(_ milliseconds: Double) -> String { String(format: "%.4f", milliseconds) }
  private func share(_ milliseconds: Double) -> String { String(format: "%.1f %%", 100 * milliseconds / max(total, 1e-9)) }
}
