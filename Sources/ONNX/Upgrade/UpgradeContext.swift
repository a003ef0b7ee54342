import LatheDiagnostics
import LatheIR
import LatheTensors

/// What a rewriting can ask and add.
struct UpgradeContext {
  let reader: ModelReader
  let target: GraphTarget

  /// The tensor type of a value, as far as it is known.
  func type(of id: ValueID?) -> TensorType? { id.flatMap { target.graph[$0].type?.tensor } }

  /// The contents of a constant.
  func constant(_ id: ValueID?) -> Tensor? { target.graph.constant(id) }

  /// Adds a constant that the node reads; it is named after the node's output.
  func add(_ tensor: Tensor, as role: String, for draft: NodeDraft) throws(Diagnostic) -> ValueID {
    try target.graph.addConstant(target.unique("\(draft.firstOutput).\(role)"), tensor)
  }

  /// Adds a constant list of int64.
  func add(_ integers: [Int], as role: String, for draft: NodeDraft) throws(Diagnostic) -> ValueID {
    try add(Tensor(integers.map { Int64($0) }, shape: [integers.count]), as: role, for: draft)
  }

  /// Adds a scalar constant of a floating-point type.
  func add(_ value: Float, _ dtype: DType, as role: String, for draft: NodeDraft) throws(Diagnostic) -> ValueID {
    func scalar<T: NumericElement>(_ type: T.Type) throws(Diagnostic) -> Tensor {
      try .scalar(T(double: Double(value)))
    }
    let type: any NumericElement.Type = dtype.numericType ?? Float.self
    return try add(scalar(type), as: role, for: draft)
  }

  /// Adds a node with one output before the node that is rewritten.
  func add(
    _ name: String, _ inputs: [ValueID?], _ attributes: Attributes = Attributes(), as role: String, for draft: NodeDraft
  ) throws(Diagnostic) -> ValueID? {
    var made = NodeDraft(
      OperatorName(name), version: ONNXVersions.opset.upperBound, inputs: inputs,
      outputs: [target.unique("\(draft.firstOutput).\(role)")], provenance: draft.provenance)
    made.attributes = attributes
    made.nodeName = draft.nodeName.isEmpty ? "" : "\(draft.nodeName).\(role)"
    return try reader.emit(made, to: target).first ?? nil
  }
}

extension ModelReader {
  /// Rewrites a node to the newest meaning of its operator and adds it, after what the rewriting adds.
  ///
  /// - Returns: the outputs by position; nil where not produced.
  func upgradeAndEmit(
    _ draft: NodeDraft, to target: GraphTarget, declared: [String: ValueType]
  ) throws(Diagnostic) -> [ValueID?] {
    var upgraded = draft
    if draft.overload.isEmpty, let steps = UpgradeTable.steps(of: draft.name) {
      let context = UpgradeContext(reader: self, target: target)
      for step in steps where draft.version < step.below && !upgraded.isKept {
        guard step.uses.isEmpty ? catalog[draft.name] != nil : isKnown(step.uses) else {
          upgraded.isKept = true
          continue
        }
        try step.apply(&upgraded, context)
      }
    }
    guard upgraded.isKept else { return try emit(upgraded, to: target, declared: declared) }
    var kept = draft
    kept.isKept = true
    return try emit(kept, to: target, declared: declared)
  }

  private func isKnown(_ names: [String]) -> Bool { names.allSatisfy { catalog[OperatorName($0)] != nil } }

  /// Says why a node stays in its older form, in which it cannot be run.
  func keep(_ draft: inout NodeDraft, because reason: String) {
    draft.isKept = true
    warnings.add(
      .warning(
        "onnx/old-form",
        "\(draft.name) is kept in its form of version \(draft.version), which cannot be run: \(reason)",
        at: Location(node: draft.nodeName.isEmpty ? "\(draft.name) → \(draft.firstOutput)" : draft.nodeName)))
  }
}
