import LatheDiagnostics
import LatheIR
import LatheTensors

/// Softmax and its relatives, normalizations, and Dropout.
extension Upgrades {
  /// Before version 13 the operator works on the input flattened to a matrix at `axis`, and normalizes its rows.
  ///
  /// That is the newer meaning where `axis` is the last one, and elsewhere
  ///
  ///     Reshape(Softmax(Flatten(x, axis), -1), Shape(x))
  static func flattenedSoftmax(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let axis = try draft.attributes.integer("axis", default: 1)
    let rank = context.type(of: draft.input(0))?.rank
    guard axis != -1, rank.map({ axis != $0 - 1 }) ?? true else {
      draft.attributes.set("axis", -1)
      return
    }
    var flat = Attributes()
    flat.set("axis", axis)
    var rows = Attributes()
    rows.set("axis", -1)
    let shape = try context.add("Shape", [draft.input(0)], as: "shape", for: draft)
    let matrix = try context.add("Flatten", [draft.input(0)], flat, as: "rows", for: draft)
    let normalized = try context.add(draft.name.name, [matrix], rows, as: "normalized", for: draft)
    draft.name = OperatorName("Reshape")
    draft.attributes = Attributes()
    // Extents of 0 in the shape are extents.
    draft.attributes.set("allowzero", true)
    draft.inputs = [normalized, shape]
  }

  /// Outside training Dropout gives its input; elsewhere its ratio becomes an input.
  static func dropout(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    if draft.version < 7 {
      guard try draft.attributes.flag("is_test", default: false) else {
        return context.reader.keep(&draft, because: "it is in training mode")
      }
      draft.attributes["is_test"] = nil
    }
    let training = draft.input(2).map { context.constant($0)?.doubles()?.first != 0 } ?? false
    let hasMask = draft.outputs.dropFirst().contains { $0 != nil }
    guard training || hasMask else {
      draft.name = OperatorName("Identity")
      draft.attributes = Attributes()
      draft.inputs = [draft.input(0)]
      draft.outputs = Array(draft.outputs.prefix(1))
      return
    }
    guard draft.version >= 10, context.reader.catalog[draft.name] != nil else {
      return context.reader.keep(&draft, because: training ? "it is, or may be, in training mode" : "its mask is used")
    }
    guard draft.version < 12, let ratio = try draft.attributes.float("ratio") else { return }
    draft.attributes["ratio"] = nil
    draft.setInput(1, try context.add(ratio, .float32, as: "ratio", for: draft))
  }

  /// Before version 7 an attribute told whether the statistics given are used.
  static func testMode(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard try draft.attributes.flag("is_test", default: false) else {
      return context.reader.keep(&draft, because: "it is in training mode (is_test = 0)")
    }
    draft.attributes["is_test"] = nil
  }

  /// Before version 14 there were outputs for training; before 9, `spatial` = 0 normalized each element by itself.
  static func batchNormalization(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard try draft.attributes.flag("spatial", default: true) else {
      return context.reader.keep(&draft, because: "spatial = 0 has no newer form")
    }
    guard draft.outputs.dropFirst().allSatisfy({ $0 == nil }) else {
      return context.reader.keep(&draft, because: "its outputs for training are used")
    }
    draft.attributes["spatial"] = nil
    draft.outputs = Array(draft.outputs.prefix(1))
  }

  /// Before version 21 scale and bias had one element for each group; now each group's is repeated for its channels.
  static func groupNormalization(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let groups = try Attributes.required("num_groups", draft.attributes.integer("num_groups"))
    let shape = context.type(of: draft.input(0))?.shape
    guard groups > 0, let channels = shape?.dropFirst().first?.known, channels % groups == 0,
      context.reader.catalog[OperatorName("Reshape")] != nil, context.reader.catalog[OperatorName("Expand")] != nil
    else { return context.reader.keep(&draft, because: "the number of channels is not known") }
    let column = try context.add([groups, 1], as: "column", for: draft)
    let expanded = try context.add([groups, channels / groups], as: "expanded", for: draft)
    let row = try context.add([channels], as: "channels", for: draft)
    for (position, role) in [(1, "scale"), (2, "bias")] {
      let wide = try context.add("Reshape", [draft.input(position), column], as: "\(role).column", for: draft)
      let repeated = try context.add("Expand", [wide, expanded], as: "\(role).expanded", for: draft)
      draft.setInput(position, try context.add("Reshape", [repeated, row], as: role, for: draft))
    }
  }
}
