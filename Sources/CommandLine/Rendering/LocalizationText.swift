internal import Foundation
import LatheEquivalence
import LatheReports

/// The errors node by node, and the finding, for people.
struct LocalizationText {
  private let localization: Localization

  init(_ localization: Localization) { self.localization = localization }

  func render(for terminal: Terminal) -> String {
    (localization.trace.map(trace) ?? "") + (localization.bisect.map { bisect($0, terminal) } ?? "")
  }

  private static let mostEntries = 24

  /// The entries of the largest errors of their own, in the order of the graph.
  private func trace(_ trace: Trace) -> String {
    let worst = trace.entries.sorted { $0.own.largestErrorShare > $1.own.largestErrorShare }.prefix(Self.mostEntries)
    var table = TextTable([
      ("node", .left), ("made by", .left), ("own error", .right), ("own cosine", .right), ("inherited", .right), ("cosine", .right),
      ("at an end", .right), ("clipped", .right),
    ])
    for entry in worst.sorted(by: { $0.position < $1.position }) {
      let codes = entry.codes
      table.append([
        entry.node + (entry.companions.isEmpty ? "" : " (+\(entry.companions.count) before it)"), entry.madeBy ?? "",
        Self.share(entry.own), String(format: "%.6f", entry.own.minimumCosine), Self.share(entry.inherited),
        String(format: "%.6f", entry.inherited.minimumCosine), codes.map { NumberFormat.percent($0.saturatedShare) } ?? "",
        codes.map { NumberFormat.percent($0.clippedShare) } ?? "",
      ])
    }
    let rest = trace.entries.count - worst.count
    return "\n" + table.render()
      + "\n\(trace.coverage), on \(localization.tracedSamples) samples"
      + (rest > 0 ? "; \(rest) more err less, --json lists them" : "") + "\n"
  }

  /// Largest error over the largest magnitude.
  private static func share(_ comparison: OutputComparison) -> String {
    let share = comparison.largestErrorShare
    return share == 0 ? "0" : share.isFinite ? NumberFormat.short(share) : "∞"
  }

  private func bisect(_ report: BisectReport, _ terminal: Terminal) -> String {
    var text = ""
    if !report.tests.isEmpty {
      var table = TextTable([("passes", .right), ("the last", .left), ("outputs", .left)])
      for test in report.tests.sorted(by: { $0.step < $1.step }) {
        table.append([String(test.step), test.pass, test.violations.first ?? "within the tolerance"])
      }
      text += "\n" + table.render()
    }
    if !report.suspects.isEmpty {
      var table = TextTable([("node", .left), ("own error", .right), ("what it alone does to the outputs", .left)])
      for suspect in report.suspects.sorted(by: { $0.noise > $1.noise }).prefix(8) {
        let effect = suspect.report.violations.first?.message ?? "noise of \(NumberFormat.short(suspect.noise)), within the tolerance"
        table.append([suspect.entry.node, Self.share(suspect.entry.own), effect])
      }
      text += "\n" + table.render()
    }
    for note in report.notes { text += "\nnote: " + DiagnosticRenderer.printable(note) }
    text += (report.notes.isEmpty ? "\n" : "\n\n") + terminal.styled(DiagnosticRenderer.printable(report.sentence), .bold) + "\n"
    if !report.command.isEmpty { text += "  " + DiagnosticRenderer.printable(report.command) + "\n" }
    return text
  }
}
