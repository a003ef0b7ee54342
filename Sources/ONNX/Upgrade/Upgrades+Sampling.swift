import LatheDiagnostics
import LatheIR
import LatheTensors

/// Resizing, sampling, scattering: operators that were renamed, or whose modes were.
extension Upgrades {
  /// At version 1, Upsample had the scales of an image's two axes.
  static func upsampleExtents(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let height = try Attributes.required("height_scale", draft.attributes.float("height_scale"))
    let width = try Attributes.required("width_scale", draft.attributes.float("width_scale"))
    draft.attributes["height_scale"] = nil
    draft.attributes["width_scale"] = nil
    draft.attributes.set("scales", [1, 1, height, width])
  }

  /// `scales` of Upsample becomes an input.
  static func upsampleScales(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let scales = try Attributes.required("scales", draft.attributes.floats("scales"))
    draft.attributes["scales"] = nil
    draft.setInput(1, try context.add(Tensor(scales, shape: [scales.count]), as: "scales", for: draft))
  }

  /// Upsample is Resize as it was at version 10.
  static func upsample(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    draft.name = OperatorName("Resize")
    try resize(&draft, context)
  }

  /// At version 10, Resize took positions as multiples of the scale, and the nearest pixel as the one below.
  static func resize(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let mode = try draft.attributes.string("mode", default: "nearest")
    draft.attributes.set("mode", mode == "bilinear" ? "linear" : mode)
    draft.attributes.set("coordinate_transformation_mode", "asymmetric")
    if mode == "nearest" { draft.attributes.set("nearest_mode", "floor") }
    draft.inputs = [draft.input(0), nil, draft.input(1)]
  }

  /// Before version 13 empty tensors stood for operands left out.
  static func resizeOperands(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    for position in [1, 2] where context.type(of: draft.input(position))?.knownShape == [0] {
      draft.setInput(position, nil)
    }
    guard try draft.attributes.string("coordinate_transformation_mode") == "tf_half_pixel_for_nn" else { return }
    // The pixel below (x + ½)/s is the one nearest to (x + ½)/s − ½, with the upper of two.
    guard try draft.attributes.string("mode", default: "nearest") == "nearest",
      try draft.attributes.string("nearest_mode", default: "round_prefer_floor") == "floor"
    else { return context.reader.keep(&draft, because: "tf_half_pixel_for_nn has no newer form") }
    draft.attributes.set("coordinate_transformation_mode", "half_pixel")
    draft.attributes.set("nearest_mode", "round_prefer_ceil")
  }

  /// The modes of GridSample lost their `bi`.
  static func gridSample(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let mode = try draft.attributes.string("mode"), mode.hasPrefix("bi") else { return }
    draft.attributes.set("mode", String(mode.dropFirst(2)))
  }

  /// Before version 16 RoiAlign had no half-pixel correction.
  static func roiAlign(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    draft.attributes.set("coordinate_transformation_mode", "output_half_pixel")
  }

  /// Scatter is ScatterElements.
  static func scatter(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    draft.name = OperatorName("ScatterElements")
  }
}
