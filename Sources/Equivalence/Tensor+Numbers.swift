import LatheTensors

extension Tensor {
  /// Every element as a double, as `doubles()` gives them; quicker for the types that nearly all values have.
  var numbers: [Double]? {
    switch dtype {
    case .float32: elements(as: Float.self)?.map { Double($0) }
    case .int8: elements(as: Int8.self)?.map { Double($0) }
    default: doubles()
    }
  }

  /// Every element of an 8-bit integer type as a number; nil for any other type.
  var bytesAsNumbers: [Int]? {
    switch dtype {
    case .int8: elements(as: Int8.self)?.map { Int($0) }
    case .uint8: elements(as: UInt8.self)?.map { Int($0) }
    default: nil
    }
  }
}
