internal import Foundation
import LatheEquivalence
import LatheReports

/// A comparison for people: a line an output, accuracies, and the verdict.
struct EquivalenceTable {
  private let report: EquivalenceReport
  private let reference: String
  private let candidate: String

  init(_ report: EquivalenceReport, reference: String, candidate: String) {
    self.report = report
    self.reference = reference
    self.candidate = candidate
  }

  func render() -> String {
    var table = TextTable([
      ("output", .left), ("rows", .right), ("agreement", .right), ("flips", .right), ("max abs", .right),
      ("mean abs", .right),
      ("min cosine", .right), ("SQNR dB", .right),
    ])
    for output in report.outputs {
      let noise = output.signalToQuantizationNoise
      // The largest element of a vector decides nothing.
      let decides = output.decisions > 0 && !report.tasks.contains { $0.task.outputs.contains(output.name) && $0.agreement == nil }
      table.append([
        output.name, NumberFormat.grouped(output.rows),
        decides ? NumberFormat.percent(output.agreement) : "—",
        decides ? String(output.flips.count) : "—", NumberFormat.short(output.maximumAbsoluteError),
        NumberFormat.short(output.meanAbsoluteError), String(format: "%.6f", output.minimumCosine),
        noise.isFinite ? String(format: "%.1f", noise) : "∞",
      ])
    }
    return table.render() + accuracy() + coverage()
  }

  private func coverage() -> String {
    guard let coverage = report.coverage else { return "" }
    return
      "\n\(NumberFormat.grouped(coverage.samples)) samples are the same tokens to both models; the outputs of "
      + "\(coverage.identical == coverage.samples ? "all of them" : NumberFormat.grouped(coverage.identical)) are the same to the last bit\n"
  }

  private func accuracy() -> String {
    guard let accuracy = report.accuracy else { return "" }
    func line(_ name: String, _ right: Int) -> String {
      let share = NumberFormat.percent(Double(right) / Double(accuracy.labelled))
      return
        "accuracy of \(name): \(share) (\(NumberFormat.grouped(right)) of \(NumberFormat.grouped(accuracy.labelled)))\n"
    }
    return "\n" + line(reference, accuracy.reference) + line(candidate, accuracy.candidate)
  }
}
