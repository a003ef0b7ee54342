import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import LatheSamples
import Synchronization

/// Where passes see activations: on samples that are run, or in a file of ranges.
struct CalibrationSource: Sendable {
  let observe: Observe
  /// For the record.
  let json: JSONValue

  /// Samples of a file.
  init(_ set: SampleSet, path: String, limits: ResourceLimits, threads: Int) throws(Diagnostic) {
    let observer = ActivationObserver(set: set, limits: limits, threads: threads)
    observe = { (graph, points) throws(Diagnostic) in try observer.observe(graph, points) }
    json = ["samples": .integer(Int64(set.count)), "file": try SourceDigest.describe(path)]
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

/// Keeps what passes see, for a file.
final class CalibrationRecorder: Sendable {
  private let ranges: Mutex<CalibrationRanges>

  init(sampleCount: Int) { ranges = Mutex(CalibrationRanges(sampleCount: sampleCount)) }

  /// What was seen so far.
  var result: CalibrationRanges { ranges.withLock { $0 } }

  /// Sees through `observe`, and keeps what it tells.
  func recording(_ observe: @escaping Observe) -> Observe {
    { [self] (graph, points) throws(Diagnostic) in
      let seen = try observe(graph, points)
      ranges.withLock { $0.record(graph, points, seen) }
      return seen
    }
  }
}
