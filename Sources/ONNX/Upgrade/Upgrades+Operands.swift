import LatheDiagnostics
import LatheIR
import LatheTensors

/// Attributes that became inputs.
extension Upgrades {
  /// `axes` of Squeeze, Unsqueeze and the reductions; an empty list means what none means.
  static func axesToInput(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let axes = try draft.attributes.integers("axes") else { return }
    draft.attributes["axes"] = nil
    guard !axes.isEmpty else { return }
    draft.setInput(1, try context.add(axes, as: "axes", for: draft))
  }

  /// `starts`, `ends` and `axes` of Slice.
  static func slice(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    for (position, name) in ["starts", "ends", "axes"].enumerated() {
      guard let values = try draft.attributes.integers(name) else {
        if name == "axes" { continue }
        throw .invalid("operator/attribute-missing", "the required attribute \(name) is missing")
      }
      draft.attributes[name] = nil
      draft.setInput(position + 1, try context.add(values, as: name, for: draft))
    }
  }

  /// `split` of Split.
  static func splitToInput(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let sizes = try draft.attributes.integers("split") else { return }
    draft.attributes["split"] = nil
    draft.setInput(1, try context.add(sizes, as: "split", for: draft))
  }

  /// A Split into equal parts states their number.
  static func splitCount(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard draft.input(1) == nil else { return }
    draft.attributes.set("num_outputs", draft.outputs.count)
  }

  /// `k` of TopK.
  static func topK(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let count = try Attributes.required("k", draft.attributes.integer("k"))
    draft.attributes["k"] = nil
    draft.setInput(1, try context.add([count], as: "k", for: draft))
  }

  /// `pads` and `value` of Pad.
  static func pad(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let pads = try Attributes.required("pads", draft.attributes.integers("pads"))
    let value = try draft.attributes.float("value", default: 0)
    draft.attributes["pads"] = nil
    draft.attributes["value"] = nil
    draft.setInput(1, try context.add(pads, as: "pads", for: draft))
    guard value != 0 else { return }
    let dtype = context.type(of: draft.input(0))?.dtype ?? .float32
    draft.setInput(2, try context.add(value, dtype, as: "value", for: draft))
  }

  /// `min` and `max` of Clip; from version 6 on their defaults are the ends of a Float's range: they turn infinities into numbers.
  static func clip(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let dtype = context.type(of: draft.input(0))?.dtype ?? .float32
    let bounds = [("min", -Float.greatestFiniteMagnitude), ("max", Float.greatestFiniteMagnitude)]
    for (position, (name, fallback)) in bounds.enumerated() {
      let bound = try draft.attributes.float(name) ?? (draft.version < 6 ? nil : fallback)
      draft.attributes[name] = nil
      guard let bound else { continue }
      draft.setInput(position + 1, try context.add(bound, dtype, as: name, for: draft))
    }
  }

  /// `axis` of DFT.
  static func fourierAxis(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    let axis = try draft.attributes.integer("axis", default: 1)
    draft.attributes["axis"] = nil
    draft.setInput(2, try context.add(.scalar(Int64(axis)), as: "axis", for: draft))
  }

  /// In its first version LabelEncoder had a list of classes, and turned strings into positions and positions into strings.
  static func labelClasses(_ draft: inout NodeDraft, _ context: UpgradeContext) throws(Diagnostic) {
    guard let classes = try draft.attributes.strings("classes_strings") else { return }
    guard let type = context.type(of: draft.input(0)) else {
      return context.reader.keep(&draft, because: "the type of its input is not known")
    }
    draft.attributes["classes_strings"] = nil
    if type.dtype == .string {
      draft.attributes.set("keys_strings", classes)
      draft.attributes.set("values_int64s", Array(classes.indices))
      draft.attributes["default_string"] = nil
    } else {
      draft.attributes.set("keys_int64s", Array(classes.indices))
      draft.attributes.set("values_strings", classes)
      draft.attributes["default_int64"] = nil
    }
  }
}
