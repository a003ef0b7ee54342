import LatheCalibration
import LatheEquivalence
import LatheJSON
import OrderedCollections

/// A model that one calibrator made on some samples, and how it did on others.
struct SweepCandidate: Sendable {
  let calibrator: Calibrator
  /// Samples that it was calibrated with.
  let samples: Int
  let report: EquivalenceReport

  /// Decisions of all outputs of a row of scores a sample that agree with the model in float.
  var agreement: Double {
    zip(report.outputs, report.ranks).filter { $1 == 2 && $0.decisions > 0 }.map(\.0.agreement).min() ?? 1
  }

  var flips: Int { zip(report.outputs, report.ranks).filter { $1 == 2 }.reduce(0) { $0 + $1.0.flips.count } }

  /// Mean over rows, of the output that turns most.
  var cosine: Double { report.outputs.map(\.meanCosine).min() ?? 1 }

  /// Whether this one does more like the model in float: decides like it, then points like it, then costs fewer samples.
  func isBetter(than other: SweepCandidate) -> Bool {
    (agreement, cosine, -samples) > (other.agreement, other.cosine, -other.samples)
  }

  var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "calibrator": .string(calibrator.rawValue), "samples": .integer(Int64(samples)), "agreement": .number(agreement),
      "flips": .integer(Int64(flips)), "mean_cosine": .number(cosine),
    ]
    if let accuracy = report.accuracy { object["accuracy_delta"] = .number(accuracy.delta) }
    return .object(object)
  }
}
