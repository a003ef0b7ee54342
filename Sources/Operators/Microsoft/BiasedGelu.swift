import LatheDiagnostics
import LatheIR
import LatheTensors

/// A function of one float, applied after a vector was added to the last axis.
protocol BiasedGelu: FloatEvaluable, Broadcast {
  func apply(_ x: Double) -> Double
}

extension BiasedGelu {
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    if let bias = try inputs.optional(1)?.tensor(), let shape = bias.shape, let extent = x.shape.map({ $0.last ?? 1 }) {
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: extent) else {
        throw .invalid("operator/broadcast", "\(name): a bias of \(bias) does not fit the last axis of \(x)")
      }
    }
    return [.tensor(x)]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    guard let bias = inputs.optional(1) else { return [try Broadcasting.map(x) { (x: T) in T(double: apply(x.wide)) }] }
    return [try Broadcasting.map(x, bias) { (x: T, b: T) in T(double: apply(x.wide + b.wide)) }]
  }
}
