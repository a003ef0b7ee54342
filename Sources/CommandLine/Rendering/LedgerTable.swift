import LathePassKit

/// The ledger for people: a line a step, then what was left alone and why.
struct LedgerTable {
  private let ledger: Ledger

  init(_ ledger: Ledger) { self.ledger = ledger }

  func render() -> String {
    var table = TextTable([
      ("step", .left), ("promise", .left), ("done", .right), ("declined", .right), ("nodes", .right),
      ("parameters", .right),
      ("weights", .right), ("seconds", .right),
    ])
    for entry in ledger.entries {
      let isPass = entry.guarantee != nil
      table.append([
        entry.step, entry.guarantee?.description ?? "", isPass ? String(entry.done) : "",
        isPass ? String(entry.declined.count) : "",
        NumberFormat.grouped(entry.after.nodes), NumberFormat.grouped(entry.after.parameters),
        NumberFormat.bytes(entry.after.bytes),
        NumberFormat.seconds(entry.seconds),
      ])
    }
    return table.render() + declined()
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
