import LatheDiagnostics
import LatheFiles
import LatheJSON
import LathePassKit
import LathePasses
import LathePlugins
import LatheSamples

/// What passes see of a model at work, and are measured on.
struct Evidence {
  /// What outputs are compared on.
  var samples: FollowingSamples?
  /// What activations are seen and fits are made on; nil for the same.
  var shown: FollowingSamples?
  /// Where activations are seen.
  var calibration: CalibrationSource?
  var texts: ConversionTexts
  /// Scores and masks that were given.
  var structures: StructuresFile?

  /// The sets of samples there are, each once.
  var sets: [FollowingSamples] {
    let own = shown.flatMap { $0 === samples ? nil : $0 }
    return [samples, own].compactMap { $0 }
  }
}

extension Pipeline.Surroundings {
  private static let fewSamples = 64

  /// What passes may ask for, from what there is.
  ///
  /// - Parameters:
  ///   - progress: moved on with every pass.
  ///   - didFollow: told what changed of how samples read texts.
  init(
    _ evidence: Evidence, limits: ResourceLimits, threads: Int, progress: ProgressBar? = nil,
    didFollow: @escaping (FollowingSamples, FollowingSamples.Change) -> Void = { _, _ in }
  ) {
    self.init()
    self.limits = limits
    observe = evidence.calibration?.observe
    structures = evidence.structures?.structures ?? []
    if let compared = evidence.samples ?? evidence.shown { compare = SampleRuns.comparing(compared, limits: limits, threads: threads) }
    // Held against what fits were made on.
    if let shown = evidence.shown ?? evidence.samples {
      compareBriefly = SampleRuns.comparing(shown, most: Self.fewSamples, limits: limits, threads: threads)
    }
    let regression = (evidence.shown ?? evidence.samples).map { RegressionRuns($0, limits: limits, threads: threads) }
    if let regression {
      regress = { (reference, candidate, points) throws(Diagnostic) in try regression.sums(reference, candidate, points) }
      latency = { (graph) throws(Diagnostic) in try regression.latency(of: graph) }
    }
    let (texts, sets) = (evidence.texts, evidence.sets)
    self.texts = { texts.knowledge }
    tokenCounts = { () throws(Diagnostic) in try texts.tokenCounts() }
    didChangeTexts = { (outcome) throws(Diagnostic) in
      try texts.apply(outcome)
      for samples in sets { didFollow(samples, try samples.follow(outcome, texts.assets)) }
    }
    willRun = { number, step in
      Supervisor.announce(step.id.rawValue, isBounded: !PassCatalog.standard.contains(step.id))
      if number > 0 { progress?.advance() }
      regression?.forget()
    }
    didRun = { (_, step, _) throws(Diagnostic) in Supervisor.announce(step.id.rawValue, isBounded: false) }
  }
}
