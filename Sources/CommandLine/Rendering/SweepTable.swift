internal import Foundation
import LatheCalibration
import LatheEquivalence
import LatheReports

/// The candidates of a sweep for people, the best first.
struct SweepTable {
  let ranked: [SweepCandidate]

  func render() -> String {
    let hasLabels = ranked.contains { $0.report.accuracy != nil }
    var table = TextTable(
      [("", .right), ("calibrator", .left), ("samples", .right), ("agreement", .right), ("flips", .right), ("mean cosine", .right)]
        + (hasLabels ? [("accuracy", .right), ("change", .right)] : []))
    for (index, candidate) in ranked.enumerated() {
      let accuracy = candidate.report.accuracy.map {
        [NumberFormat.percent(Double($0.candidate) / Double(max(1, $0.labelled))), String(format: "%+.2f", $0.delta)]
      }
      table.append(
        [
          String(index + 1), candidate.calibrator.rawValue, NumberFormat.grouped(candidate.samples), NumberFormat.percent(candidate.agreement),
          NumberFormat.grouped(candidate.flips), String(format: "%.6f", candidate.cosine),
        ] + (hasLabels ? accuracy ?? ["", ""] : []))
    }
    return table.render()
  }
}
