import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheIR
import LathePassKit
import LathePasses
import LatheSamples
import OrderedCollections

/// Running the recipe once more: by what, and what is missing for it to make the same.
extension FaultFinder {
  /// What the candidate's record tells; nil where it carries none.
  func recorded() throws(Diagnostic) -> RecordedRecipe? {
    guard let record = models.candidate.model.record else { return nil }
    do throws(Diagnostic) {
      return try RecordedRecipe(record, from: SourceDigest.digest(try MappedFile(path: models.reference.path)))
    } catch {
      throw error.located(in: Location(file: models.candidate.path))
    }
  }

  /// The recipe with what its passes go by, as it is given now.
  func replay(_ recipe: Recipe, _ record: RecordedRecipe?) throws(Diagnostic) -> RecipeReplay {
    let model = models.reference.model
    let interface = ModelInterface(model)
    let samples = try FollowingSamples(path: models.samples, for: interface, options: models.options)
    let shown = try options.calibrationSamples.map { (path) throws(Diagnostic) in
      try FollowingSamples(path: path, for: interface, options: models.options)
    }
    let calibration: CalibrationSource
    if let ranges = options.ranges {
      calibration = try CalibrationSource(rangesAt: ranges)
    } else {
      calibration = try CalibrationSource(shown ?? samples, limits: models.limits, threads: models.threads)
    }
    let texts = try ConversionTexts(model.text, options.corpus, limits: models.limits)
    return RecipeReplay(
      pipeline: try recipe.pipeline(from: options.plugins.catalog(for: recipe)),
      evidence: Evidence(
        samples: samples, shown: shown, calibration: calibration, texts: texts,
        structures: try options.structures.map { (path) throws(Diagnostic) in try StructuresFile(path: path) }),
      keptTokens: texts.json == nil ? record?.keptTokens : nil, limits: models.limits, threads: models.threads)
  }

  /// A graph as it comes back from a file of the candidate's format.
  func remade(_ graph: Graph, like candidate: Model) throws(Diagnostic) -> Graph {
    guard words.isONNX else { return try graph.named(like: candidate.graph) }
    var model = models.reference.model
    model.graph = graph
    var trip = try RoundTrip.onnx.apply(to: model, limits: models.limits)
    // Asked for an opset, the exporter keeps other operators whole than where it finds that opset itself.
    if let opset = candidate.metadata.operatorSets[""], trip.metadata.operatorSets[""] != opset {
      trip = try RoundTrip.onnx.apply(to: model, limits: models.limits, opset: opset)
    }
    return try trip.graph.named(like: candidate.graph)
  }

  /// What the recipe went by and is not given now, so that it makes something else.
  func gaps(_ record: RecordedRecipe?) -> [String] {
    var gaps: [String] = []
    if let record, !record.isSourceKnown {
      gaps.append("the record tells of another source than \(models.reference.path): its passes ran on this file all the same")
    }
    if let name = record?.calibrationName, let digest = record?.calibrationDigest {
      let given = options.calibrationSamples ?? options.ranges ?? models.samples
      if (try? SourceDigest.digest(MappedFile(path: given))) != digest {
        gaps.append("the scales were chosen by \(name), and now by \(given), so that they differ: give --calibration-samples or --ranges")
      }
    }
    if let name = record?.structuresName, let digest = record?.structuresDigest {
      let given = options.structures
      if given.flatMap({ try? SourceDigest.digest(MappedFile(path: $0)) }) != digest {
        gaps.append("structures went by \(name), and now by \(given ?? "none that are given"): give --structures")
      }
    }
    if let name = record?.corpusName, options.corpus.corpus.isEmpty, options.corpus.tokenCounts == nil {
      gaps.append("passes went by the texts or token counts of \(name), and now only by which tokens are left: give --token-counts or --corpus")
    }
    return gaps
  }
}
