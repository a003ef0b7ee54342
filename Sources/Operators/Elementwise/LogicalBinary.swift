import LatheDiagnostics
import LatheIR
import LatheTensors

/// A binary operator of truth values, element by element, with broadcasting.
protocol LogicalBinary: Evaluable, AttributeFree, Elementwise {
  static func apply(_ a: Bool, _ b: Bool) -> Bool
}

extension LogicalBinary {
  /// Formal operands of every such operator.
  static func formal(_ name: String) -> OperatorSchema {
    OperatorSchema(
      name, since: 7,
      inputs: [.init("A", "T", .bool), .init("B", "T", .bool)],
      outputs: [.init("C", "T1", .bool)])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    return [try Broadcasting.map(a, b) { (x: Bool, y: Bool) in Self.apply(x, y) }]
  }
}
