import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that picks one of its operands for every element, with broadcasting over one or more of them; NaN wins.
protocol VariadicSelection: NumericEvaluable, AttributeFree, Elementwise {
  /// The one picked of two elements neither of which is NaN.
  static func select<T: NumericElement>(_ a: T, _ b: T) -> T
}

extension VariadicSelection {
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    var result = try inputs.required(0)
    for position in inputs.indices.dropFirst() {
      result = try Broadcasting.map(result, try inputs.required(position)) { (x: T, y: T) in
        if x != x { return x }
        return y != y ? y : Self.select(x, y)
      }
    }
    return [result]
  }
}
