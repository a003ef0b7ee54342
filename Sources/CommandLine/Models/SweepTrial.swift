import LatheCalibration
import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import LathePasses
import LatheSamples
import OrderedCollections

/// Converts one model with one calibrator after another.
struct SweepTrial {
  let source: ModelLoader.Loaded
  let recipe: Recipe
  let catalog: PassCatalog
  let plan: PassPlan
  let structures: StructuresFile?
  let packs: Bool
  let limits: ResourceLimits
  let threads: Int

  private static let calibrated: Set<PassID> = [Int8Quantization.id, Mixed.id]

  /// - Throws: `sweep/nothing` where no pass has a calibrator.
  func check() throws(Diagnostic) {
    guard !recipe.steps.contains(where: { Self.calibrated.contains($0.id) }) else { return }
    throw Diagnostic(
      "sweep/nothing", .usage, "none of the passes has a calibrator to choose", fix: "add --pass quantize/int8, with or without --recipe fuse before it")
  }

  /// The recipe's passes; with a calibrator in place of the recipe's own.
  func pipeline(_ calibrator: Calibrator?) throws(Diagnostic) -> Pipeline {
    var recipe = recipe
    for index in recipe.steps.indices where calibrator != nil && Self.calibrated.contains(recipe.steps[index].id) {
      recipe.steps[index].options["calibrator"] = calibrator.map { .string($0.rawValue) }
    }
    var pipeline = try plan.pipeline(of: recipe, from: catalog)
    plan.addLayout(to: &pipeline, isPacked: source.isPacked, packs: packs && calibrator != nil)
    return pipeline
  }

  func convert(
    _ calibrator: Calibrator, _ calibration: CalibrationSource, on samples: FollowingSamples, _ texts: ConversionTexts
  ) throws(Diagnostic) -> Conversion {
    var conversion = Conversion(source, recipe: recipe.name, seconds: 0)
    let evidence = Evidence(shown: samples, calibration: calibration, texts: texts, structures: structures)
    try conversion.run(try pipeline(calibrator), on: evidence, limits: limits, threads: threads)
    return conversion
  }

  func engine(_ conversion: Conversion) throws(Diagnostic) -> Engine {
    try Engine(.runtime, conversion.model.graph, limits: limits, threads: threads)
  }
}
