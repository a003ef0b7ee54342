import LathePassKit
import LatheReports

/// The ledger for people: a line a step, then what was left alone and why.
struct LedgerTable {
  private let ledger: Ledger

  init(_ ledger: Ledger) { self.ledger = ledger }

  func render() -> String {
    let isMeasured = ledger.entries.contains { $0.drift != nil }
    var table = TextTable(
      [
        ("step", .left), ("promise", .left), ("done", .right), ("declined", .right), ("nodes", .right),
        ("parameters", .right), ("weights", .right), ("seconds", .right),
      ] + (isMeasured ? [("drift", .right), ("in all", .right), ("agreement", .right)] : []))
    for entry in ledger.entries { table.append(cells(entry) + (isMeasured ? drift(entry) : [])) }
    return table.render() + notes() + declined()
  }

  private func cells(_ entry: Ledger.Entry) -> [String] {
    let isPass = entry.guarantee != nil
    return [
      entry.step, entry.guarantee?.description ?? "", isPass ? String(entry.done) : "",
      isPass ? String(entry.declined.count) : "",
      NumberFormat.grouped(entry.after.nodes), NumberFormat.grouped(entry.after.parameters),
      NumberFormat.bytes(entry.after.bytes), NumberFormat.seconds(entry.seconds),
    ]
  }

  /// Relative error of this step and since the import, and agreement since the import.
  private func drift(_ entry: Ledger.Entry) -> [String] {
    guard let step = entry.drift, let total = entry.totalDrift else { return ["", "", ""] }
    return [Self.figure(step), Self.figure(total), NumberFormat.percent(total.agreement)]
  }

  private static func figure(_ drift: Drift) -> String {
    drift.changedOutputs == 0 ? "0" : NumberFormat.short(drift.relativeError)
  }

  private func notes() -> String {
    let lines = ledger.entries.flatMap { entry in
      entry.notes.prefix(20).map { DiagnosticRenderer.printable("\(entry.step): \($0)") }
    }
    return lines.isEmpty ? "" : "\n" + lines.joined(separator: "\n") + "\n"
  }

  /// The first few refusals of each pass.
  private func declined() -> String {
    var lines: [String] = []
    for entry in ledger.entries {
      for item in entry.declined.prefix(5) {
        lines.append(DiagnosticRenderer.printable("\(entry.step) left \(item.subject) alone: \(item.reason)"))
      }
      if entry.declined.count > 5 {
        lines.append("\(entry.step) left \(entry.declined.count - 5) more alone; --json lists them")
      }
    }
    return lines.isEmpty ? "" : "\n" + lines.joined(separator: "\n") + "\n"
  }
}
