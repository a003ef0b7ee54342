import LatheDiagnostics
import LatheIR
import LatheTensors
import OrderedCollections

/// Operators that resample.
enum ImageDowngrades {
  static let table: [String: [Downgrade]] = [
    "Resize": [Downgrade(13, resizeWithEveryOperand), Downgrade(11, resizeByScales)],
    "GridSample": [Downgrade(20, gridSample)],
    "RoiAlign": [Downgrade(16, roiAlign)],
  ]

  /// Before 13 empty tensors stand for a region and for scales that are left out.
  @Sendable private static func resizeWithEveryOperand(_ node: inout Lowering) throws(Diagnostic) {
    for position in 1...2 where node.input(position) == nil {
      let empty = node.make(position == 1 ? "roi" : "scales", try Tensor([Float](), shape: [0]))
      node.setInput(position, to: empty)
    }
  }

  /// Before 11 sampling points are not shifted, and nearest means below.
  @Sendable private static func resizeByScales(_ node: inout Lowering) throws(Diagnostic) {
    let attributes = node.form.attributes
    let mode = try attributes.string("mode", default: "nearest")
    let rounding = try attributes.string("nearest_mode", default: "round_prefer_floor")
    guard node.input(3) == nil, mode != "cubic", mode != "nearest" || rounding == "floor",
      try attributes.string("coordinate_transformation_mode", default: "half_pixel") == "asymmetric",
      try !attributes.flag("exclude_outside", default: false)
    else { throw node.cannot("it samples otherwise there (asymmetric, floor, by scales)") }
    node.form.inputs = [node.input(0), node.input(2)]
    for name in attributes.values.keys where name != "mode" { node.form.attributes[name] = nil }
  }

  @Sendable private static func gridSample(_ node: inout Lowering) throws(Diagnostic) {
    guard node.rank() == 4 else { throw node.cannot("it takes images of rank 4 there") }
    let names = ["linear": "bilinear", "cubic": "bicubic"]
    let mode = try node.form.attributes.string("mode", default: "linear")
    node.form.attributes.set("mode", names[mode] ?? mode)
  }

  @Sendable private static func roiAlign(_ node: inout Lowering) throws(Diagnostic) {
    let mode = try node.form.attributes.string("coordinate_transformation_mode", default: "half_pixel")
    guard mode == "output_half_pixel" else { throw node.cannot("it shifts no sampling points there") }
    node.form.attributes["coordinate_transformation_mode"] = nil
  }
}
