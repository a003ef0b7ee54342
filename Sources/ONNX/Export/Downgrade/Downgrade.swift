import LatheDiagnostics
import LatheIR

/// One change of an operator's form, undone: how a node is written for operator sets before `since`.
struct Downgrade {
  /// The operator set that brought the newer form.
  let since: Int
  let apply: @Sendable (inout Lowering) throws(Diagnostic) -> Void

  init(_ since: Int, _ apply: @escaping @Sendable (inout Lowering) throws(Diagnostic) -> Void) {
    self.since = since
    self.apply = apply
  }

  /// The downgrades of an operator of the standard domain, newest first.
  static func of(_ name: String) -> [Downgrade] { all[name] ?? [] }

  private static let all: [String: [Downgrade]] = {
    var table: [String: [Downgrade]] = [:]
    for family in [AxesDowngrades.table, ShapeDowngrades.table, NumericDowngrades.table, ImageDowngrades.table] {
      table.merge(family) { $0 + $1 }
    }
    return table.mapValues { $0.sorted { $0.since > $1.since } }
  }()

  /// Values of string attributes that came later than the attribute.
  static let laterValues: [String: [(attribute: String, value: String, since: Int)]] = [
    "Pad": [("mode", "wrap", 19)],
    "ScatterND": [("reduction", "max", 18), ("reduction", "min", 18)],
    "ScatterElements": [("reduction", "max", 18), ("reduction", "min", 18)],
    "Resize": [("coordinate_transformation_mode", "half_pixel_symmetric", 19)],
  ]
}

extension Lowering {
  /// The node at an operator set, checked against the version in force there.
  ///
  /// - Throws: `onnx/opset` with the reason if it cannot be written.
  static func lower(_ node: NodeID, of graph: Graph, opset: Int) throws(Diagnostic) -> Lowering {
    var lowering = Lowering(node, of: graph, opset: opset)
    if let opaque = graph[node].op as? OpaqueOperator {
      try lowering.checkBound(opaque)
      return lowering
    }
    guard lowering.form.op.isStandard else { return lowering }
    for downgrade in Downgrade.of(lowering.form.op.name) where downgrade.since > opset {
      try downgrade.apply(&lowering)
    }
    try lowering.check()
    return lowering
  }
}

extension OperatorName {
  /// Whether this is of ONNX's own domain.
  var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }
}
