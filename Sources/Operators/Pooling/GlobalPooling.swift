import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that makes one element of each channel of [N, C, d…].
protocol GlobalPooling: FloatEvaluable, AxisMapping {
  /// One number for a channel's elements.
  func pooled(_ count: Int, _ element: (Int) -> Double) -> Double
}

extension GlobalPooling {
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    guard let shape = x.shape else { return [.tensor(x)] }
    guard shape.count >= 2 else {
      throw .invalid("operator/rank", "\(name) needs batches and channels, but is given \(x)")
    }
    return [.tensor(TensorType(x.dtype, shape[..<2] + Array(repeating: .known(1), count: shape.count - 2)))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let count = x.shape[2...].clampedProduct
    let shape = x.shape[..<2] + Array(repeating: 1, count: x.rank - 2)
    let y = try Tensor(of: T.self, shape: Array(shape)) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        for channel in target.indices {
          target[channel] = T(double: pooled(count) { source[channel * count + $0].wide })
        }
      }
    }
    return [y]
  }
}

extension GlobalPooling {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { .pooling(inputs, outputs) }
}
