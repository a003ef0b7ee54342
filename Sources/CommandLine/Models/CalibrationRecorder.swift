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
    of source: ModelLoader.Loaded, _ pipeline: Pipeline, on samples: FollowingSamples, texts: ConversionTexts, structures: StructuresFile? = nil, limits: ResourceLimits,
    threads: Int
  ) throws(Diagnostic) -> CalibrationRanges {
    let recorder = CalibrationRecorder(sampleCount: samples.set.count)
    let seen = try CalibrationSource(samples, limits: limits, threads: threads)
    let evidence = Evidence(shown: samples, texts: texts, structures: structures)
    var surroundings = Pipeline.Surroundings(evidence, limits: limits, threads: threads)
    surroundings.observe = recorder.recording(seen.observe)
    var (graph, ledger) = (source.model.graph, Ledger())
    try pipeline.run(on: &graph, ledger: &ledger, in: surroundings)
    return recorder.result
  }
}
