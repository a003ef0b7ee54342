import LatheDiagnostics
import LatheIR
import LatheTensors

/// An exact function of one number, element by element.
protocol UnaryNumeric: NumericEvaluable, AttributeFree, Elementwise {
  static func apply<T: NumericElement>(_ x: T) -> T
}

extension UnaryNumeric {
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(try inputs.tensor(0))] }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    [try Broadcasting.map(try inputs.required(0)) { (x: T) in Self.apply(x) }]
  }
}
