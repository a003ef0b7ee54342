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
      let decided = agreement(of: output)
      // What is NaN in one of the models has no error.
      func figure(_ value: Double, _ text: (Double) -> String) -> String { output.unmeasured > 0 ? "not finite" : text(value) }
      table.append([
        output.name, NumberFormat.grouped(output.rows), decided.map { NumberFormat.percent($0.share) } ?? "—",
        decided.map { NumberFormat.grouped($0.total - $0.successes) } ?? "—", figure(output.maximumAbsoluteError, NumberFormat.short),
        figure(output.meanAbsoluteError, NumberFormat.short), figure(output.minimumCosine) { String(format: "%.6f", $0) },
        figure(output.signalToQuantizationNoise) { $0.isFinite ? String(format: "%.1f", $0) : "∞" },
      ])
    }
    return table.render() + accuracy() + coverage()
  }

  /// Of the task that an output belongs to; nil where that decides nothing, as the largest element of a vector does not.
  private func agreement(of output: OutputComparison) -> Proportion? {
    if let task = report.tasks.first(where: { $0.task.outputs.contains(output.name) }) {
      return task.agreement.flatMap { $0.total > 0 ? $0 : nil }
    }
    return output.decisions > 0 ? Proportion(output.decisions - output.flips.count, of: output.decisions) : nil
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
