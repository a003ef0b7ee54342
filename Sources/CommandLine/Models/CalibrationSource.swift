import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import LatheSamples

/// Where passes see activations: on samples that are run, or in a file of ranges.
struct CalibrationSource: Sendable {
  let observe: Observe
  /// For the record.
  let json: JSONValue

  /// Samples of a file.
  init(_ samples: FollowingSamples, limits: ResourceLimits, threads: Int) throws(Diagnostic) {
    observe = { (graph, points) throws(Diagnostic) in
      try ActivationObserver(set: samples.set, limits: limits, threads: threads).observe(graph, points)
    }
    json = ["samples": .integer(Int64(samples.set.count)), "file": try SourceDigest.describe(samples.path)]
  }

  /// Ranges of a file.
  init(rangesAt path: String) throws(Diagnostic) {
    let ranges = try CalibrationRanges(path: path)
    observe = { (graph, points) throws(Diagnostic) in try ranges.observe(graph, points) }
    json = ["ranges": try SourceDigest.describe(path)]
  }

  /// Ranges at hand.
  init(_ ranges: CalibrationRanges, json: JSONValue) {
    observe = { (graph, points) throws(Diagnostic) in try ranges.observe(graph, points) }
    self.json = json
  }
}
