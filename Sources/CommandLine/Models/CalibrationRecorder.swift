import LatheDiagnostics
import LatheIR
import LathePassKit
import LatheSamples
import Synchronization

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

extension Conversion {
  /// What passes see of activations on samples.
  ///
  /// - Throws: what passes throw.
  static func ranges(
    of source: ModelLoader.Loaded, _ pipeline: Pipeline, on set: SampleSet, limits: ResourceLimits, threads: Int
  ) throws(Diagnostic) -> CalibrationRanges {
    let recorder = CalibrationRecorder(sampleCount: set.count)
    let observer = ActivationObserver(set: set, limits: limits, threads: threads)
    var surroundings = Pipeline.Surroundings()
    surroundings.limits = limits
    surroundings.observe = recorder.recording { (graph, points) throws(Diagnostic) in try observer.observe(graph, points) }
    surroundings.compare = SampleRuns(set: set, engine: .runtime, limits: limits, threads: threads).comparing()
    var (graph, ledger) = (source.model.graph, Ledger())
    try pipeline.run(on: &graph, ledger: &ledger, in: surroundings)
    return recorder.result
  }
}
