import LatheDiagnostics
import LatheIR
import LatheTensors

/// A function of one float, element by element, computed in double precision and rounded once.
protocol UnaryFloat: FloatEvaluable, Elementwise {
  func apply(_ x: Double) -> Double
}

extension UnaryFloat {
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [.tensor(try inputs.tensor(0))] }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    [try Broadcasting.map(try inputs.required(0)) { (x: T) in T(double: apply(x.wide)) }]
  }
}
