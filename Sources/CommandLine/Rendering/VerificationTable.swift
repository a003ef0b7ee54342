import LatheDiagnostics
import LatheEquivalence
import LatheReports

/// A verification for people: errors, decisions, the policy, and the verdict.
struct VerificationTable {
  private let verification: Verification

  init(_ verification: Verification) throws(Diagnostic) { self.verification = verification }

  func render(for terminal: Terminal) -> String {
    let table = EquivalenceTable(verification.report, reference: verification.reference.path, candidate: verification.candidate.path)
    let verdict =
      verification.isAccepted ? terminal.styled("equivalent", .green) : terminal.styled("NOT equivalent", .red)
    return table.render() + decisions + worst + policy + findings + origin + oracle + notes
      + "\n\(verdict) on \(NumberFormat.counted(verification.report.samples, "sample"))\n"
  }

  private var decisions: String {
    let lines = verification.report.tasks.compactMap { task -> String? in
      guard task.task.kind != .values else { return nil }
      let head = "\(task.task.name): \(task.task.kind.rawValue) (\(task.task.reason))"
        + (task.summary.map { ", \($0)" } ?? "")
      guard let agreement = task.agreement, agreement.total > 0 else { return head }
      let (low, high) = (NumberFormat.percent(agreement.interval.lowerBound), NumberFormat.percent(agreement.interval.upperBound))
      return head + ", \(NumberFormat.grouped(agreement.successes)) of \(NumberFormat.grouped(agreement.total)) decisions agree: "
        + "\(NumberFormat.percent(agreement.share)), between \(low) and \(high) with 95 % confidence"
    }
    return lines.isEmpty ? "" : "\n" + lines.map(DiagnosticRenderer.printable).joined(separator: "\n") + "\n"
  }

  /// The first few samples that changed most.
  private var worst: String {
    let lines = verification.report.tasks.flatMap { task in
      task.worst(3).map { sample, what in
        let text = verification.texts.flatMap { $0.indices.contains(sample) ? ": " + $0[sample].prefix(60) : nil } ?? ""
        return "  sample \(sample + 1), \(what)\(text)"
      }
    }
    return lines.isEmpty ? "" : "changed most:\n" + lines.map(DiagnosticRenderer.printable).joined(separator: "\n") + "\n"
  }

  private var policy: String {
    guard let policy = verification.policy else { return "" }
    return "\n" + PolicyTable(policy.verdicts).render()
  }

  private var findings: String {
    verification.findings.isEmpty ? "" : "\n" + verification.findings.map(DiagnosticRenderer.printable).joined(separator: "\n") + "\n"
  }

  private var origin: String {
    guard case .generated(let seed, let digest, let parts) = verification.origin else { return "" }
    return "\ngenerated from seed \(seed), SHA-256 \(digest):\n" + parts.map { "  " + DiagnosticRenderer.printable($0) }.joined(separator: "\n") + "\n"
  }

  private var oracle: String {
    guard let count = verification.oracleSamples else { return "" }
    return "\nthe reference interpreter ran the candidate on \(NumberFormat.counted(count, "sample")) as well, to check the runtime\n"
  }

  private var notes: String { verification.notes.map { "\nnote: \(DiagnosticRenderer.printable($0))\n" }.joined() }
}
