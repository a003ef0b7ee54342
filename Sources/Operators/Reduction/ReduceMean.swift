import LatheDiagnostics
import LatheIR
import LatheTensors

/// Mean over some axes, or over all of them.
///
/// Floats are summed in double precision and rounded once; means of integers truncate toward zero. The mean of nothing
/// is NaN, and is refused for integers.
public struct ReduceMean: Reduction {
  public static let schema = formal("ReduceMean", since: 18, .wide)

  /// Whether the reduced axes stay with extent 1.
  public var keepsAxes: Bool
  /// Whether no axes mean that nothing is reduced, rather than everything.
  public var skipsWithoutAxes: Bool

  public init(keepsAxes: Bool = true, skipsWithoutAxes: Bool = false) {
    self.keepsAxes = keepsAxes
    self.skipsWithoutAxes = skipsWithoutAxes
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (rows, extent, shape) = try rows(inputs)
    switch rows.dtype {
    case .float32: return [try means(rows, extent, shape, as: Float.self)]
    case .float64: return [try means(rows, extent, shape, as: Double.self)]
    case .float16: return [try means(rows, extent, shape, as: Float16.self)]
    case .bfloat16: return [try means(rows, extent, shape, as: BFloat16.self)]
    case .int32: return [try integerMeans(rows, extent, shape, as: Int32.self)]
    case .int64: return [try integerMeans(rows, extent, shape, as: Int64.self)]
    case .uint32: return [try integerMeans(rows, extent, shape, as: UInt32.self)]
    case .uint64: return [try integerMeans(rows, extent, shape, as: UInt64.self)]
    default: throw name.unsupported(rows.dtype)
    }
  }

  private func means<T: FloatElement>(_ rows: Tensor, _ extent: Int, _ shape: [Int], as type: T.Type) throws(Diagnostic)
    -> Tensor
  {
    try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      rows.withElements(as: T.self) { source in
        for row in target.indices {
          var sum = 0.0
          for index in 0..<extent { sum += source[row * extent + index].wide }
          target[row] = T(double: sum / Double(extent))
        }
      }
    }
  }

  private func integerMeans<T: IntegerElement>(
    _ rows: Tensor, _ extent: Int, _ shape: [Int], as type: T.Type
  ) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) throws(Diagnostic) in
      guard extent > 0 || target.isEmpty else {
        throw .invalid("operator/reduce-empty", "the mean of no integers has no value")
      }
      rows.withElements(as: T.self) { source in
        for row in target.indices {
          var sum: Int128 = 0
          for index in 0..<extent { sum += Int128(source[row * extent + index]) }
          target[row] = T(truncatingIfNeeded: sum / Int128(extent))
        }
      }
    }
  }
}
