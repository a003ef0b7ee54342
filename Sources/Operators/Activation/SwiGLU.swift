internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Swish(A) · B: a gate and the values it lets through, of the same shape (Shazeer, 2020, "GLU Variants Improve Transformer").
public struct SwiGLU: FloatEvaluable, Broadcast {
  public static let schema = OperatorSchema(
    "SwiGLU", since: 28,
    inputs: [.init("A", "T", .floats), .init("B", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["alpha": .float])

  /// Factor of the logistic function's argument.
  public var alpha: Float

  public init(alpha: Float = 1) { self.alpha = alpha }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    alpha = try attributes.float("alpha", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if alpha != 1 { attributes.set("alpha", alpha) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let types = try inputs.tensors()
    if let gate = types[0].shape, let values = types[1].shape {
      let differ = gate.count != values.count || zip(gate, values).contains { $0.isProvablyDifferent(from: $1) }
      guard !differ else { throw .invalid("operator/shape", "the gate is \(types[0]), but the values are \(types[1])") }
    }
    return [.tensor(TensorType(types[0].dtype, types[0].shape ?? types[1].shape))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (gate, values) = try inputs.pair()
    guard gate.shape == values.shape else {
      throw .invalid("operator/shape", "the gate has the shape \(gate.shape), but the values \(values.shape)")
    }
    let factor = Double(alpha)
    let result = try Tensor(of: T.self, shape: gate.shape) { (target: UnsafeMutableBufferPointer<T>) in
      gate.withElements(as: T.self) { a in
        values.withElements(as: T.self) { b in
          for index in target.indices {
            let x = a[index].wide
            target[index] = T(double: x / (1 + exp(-factor * x)) * b[index].wide)
          }
        }
      }
    }
    return [result]
  }
}
