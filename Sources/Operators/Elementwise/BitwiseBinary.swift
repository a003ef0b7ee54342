import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator on the bits of two integers, element by element, with broadcasting.
protocol BitwiseBinary: IntegerEvaluable, AttributeFree, Elementwise {
  static func apply<T: IntegerElement>(_ a: T, _ b: T) -> T
}

extension BitwiseBinary {
  /// Formal operands of every such operator.
  static func formal(_ name: String, since version: Int) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("A", "T", .integers), .init("B", "T", .integers)],
      outputs: [.init("C", "T", .integers)])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  func compute<T: IntegerElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    return [try Broadcasting.map(a, b) { (x: T, y: T) in Self.apply(x, y) }]
  }
}
