import LatheDiagnostics
import LatheIR
import LatheTensors

extension Tensor {
  /// A tensor whose elements are numbers told in order, converted to `dtype`: floats round to nearest, integers truncate.
  ///
  /// - Throws: `operator/dtype` for types that are neither numbers nor truth values.
  init(numbers dtype: DType, _ shape: [Int], _ next: (_ position: Int) -> Double) throws(Diagnostic) {
    if let format = MinifloatFormat(dtype), !dtype.isPacked {
      self = try Tensor(dtype: dtype, shape: shape) { target in
        for position in target.indices { target[position] = format.encode(Float(next(position))) }
      }
      return
    }
    if dtype == .bool {
      self = try Tensor(of: Bool.self, shape: shape) { (target: UnsafeMutableBufferPointer<Bool>) in
        for position in target.indices { target[position] = next(position) != 0 }
      }
      return
    }
    guard let type = dtype.numericType else {
      throw .invalid("operator/dtype", "numbers cannot be made into \(dtype)")
    }
    self = try Self.filled(type, shape, next)
  }

  private static func filled<T: NumericElement>(
    _ type: T.Type, _ shape: [Int], _ next: (Int) -> Double
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      for position in target.indices { target[position] = T(double: next(position)) }
    }
  }
}
