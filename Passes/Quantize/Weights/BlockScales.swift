import LatheDiagnostics
import LatheTensors

/// Symmetric values of a few bits, with a scale for each block along an axis.
struct BlockScales {
  /// Elements of a block.
  let size: Int
  private let weights: Tensor
  private let bits: Int
  /// What lies before the axis, the axis itself, and what lies behind it.
  private let outer, extent, inner: Int
  private let shape: [Int]
  private let axis: Int
  private let values: [Float]

  /// - Parameters:
  ///   - shape: of as many elements as the weights have; what axes are counted in.
  ///   - size: at least 1.
  init(_ weights: Tensor, _ shape: [Int], along axis: Int, size: Int, bits: Int) {
    self.weights = weights
    self.shape = shape
    self.axis = axis
    self.bits = bits
    self.size = max(1, size)
    outer = shape[..<axis].reduce(1, *)
    extent = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    let (size, outer, extent, inner) = (self.size, outer, extent, inner)
    let (count, most) = ((extent + size - 1) / size, Float(1 << (bits - 1)) - 1)
    var scales = [Float](repeating: 0, count: outer * count * inner)
    weights.withElements(as: Float.self) { source in
      for first in 0..<outer {
        for place in 0..<extent {
          for last in 0..<inner {
            let index = (first * count + place / size) * inner + last
            scales[index] = max(scales[index], abs(source[(first * extent + place) * inner + last]))
          }
        }
      }
    }
    values = scales.map { $0 == 0 ? 1 : $0 / most }
  }

  private var count: Int { (extent + size - 1) / size }

  /// The scales in the shape, with blocks on the axis.
  func scales() throws(Diagnostic) -> Tensor {
    var shape = shape
    shape[axis] = count
    return try Tensor(values, shape: shape)
  }

  /// The values, of type `int8` or `int4`.
  func codes() throws(Diagnostic) -> Tensor {
    let most = Float(1 << (bits - 1)) - 1
    var codes = [Int8](repeating: 0, count: weights.elementCount)
    weights.withElements(as: Float.self) { source in
      for first in 0..<outer {
        for place in 0..<extent {
          for last in 0..<inner {
            let index = (first * extent + place) * inner + last
            let quotient = source[index] / values[(first * count + place / size) * inner + last]
            codes[index] = Int8(min(most, max(-most, quotient.rounded(.toNearestOrEven))))
          }
        }
      }
    }
    guard bits == 4 else { return try Tensor(codes, shape: weights.shape) }
    let packed = PackedElements.pack(codes.map { UInt8(bitPattern: $0) & 0xF }, bitWidth: 4)
    return try Tensor(dtype: .int4, shape: weights.shape) { $0.copyBytes(from: packed) }
  }
}
