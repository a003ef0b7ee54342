import LatheDiagnostics
import LatheTensors

/// Zero points and scales of integer products: one for all, or one for each channel, row or column.
enum ZeroPoints {
  /// - Throws: `operator/quantization` unless there is one entry, or a vector of one for each channel.
  static func check(_ type: TensorType?, channels: Dimension) throws(Diagnostic) {
    guard let type, let shape = type.shape, !shape.isEmpty else { return }
    guard shape.count == 1, shape[0] == 1 || !shape[0].isProvablyDifferent(from: channels) else {
      throw .invalid(
        "operator/quantization",
        "scales or zero points of \(type) do not fit: one is needed, or one for each of \(channels)")
    }
  }

  /// Integers of 8 bits less their zero points, in 32 bits; several zero points belong to the indices of `axis`.
  static func subtracted(from tensor: Tensor, _ zeroPoint: Tensor?, axis: Int?) throws(Diagnostic) -> Tensor {
    let wide = try widened(tensor)
    guard let zeroPoint else { return wide }
    let zeros = try widened(zeroPoint)
    if zeros.elementCount == 1 { return try difference(wide, zeros.reshaped(to: [])) }
    guard let axis else {
      throw .invalid("operator/quantization", "one zero point is needed, not \(zeros.elementCount)")
    }
    var shape = [Int](repeating: 1, count: tensor.rank)
    shape[axis] = zeros.elementCount
    return try difference(wide, zeros.reshaped(to: shape))
  }

  static func difference(_ a: Tensor, _ b: Tensor) throws(Diagnostic) -> Tensor {
    try Broadcasting.map(a, b) { (x: Int32, y: Int32) in x &- y }
  }

  static func widened(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    tensor.dtype == .int8
      ? try Broadcasting.map(tensor) { (x: Int8) in Int32(x) } : try Broadcasting.map(tensor) { (x: UInt8) in Int32(x) }
  }
}

/// From sums in 32 bits back to integers of 8.
enum Requantization {
  /// a · b / y in `Float`, broadcasting.
  static func factor(_ a: Tensor, _ b: Tensor, _ y: Tensor) throws(Diagnostic) -> Tensor {
    let product = try Broadcasting.map(a, b) { (a: Float, b: Float) in a * b }
    return try Broadcasting.map(product, y) { (x: Float, y: Float) in x / y }
  }

  /// round(sum · factor) + zero point, clamped to the zero point's type; all three broadcast.
  static func requantized(_ sums: Tensor, _ factor: Tensor, _ zeroPoint: Tensor) throws(Diagnostic) -> Tensor {
    let scaled = try Broadcasting.map(sums, factor) { (sum: Int32, factor: Float) in
      (Float(sum) * factor).rounded(.toNearestOrEven)
    }
    return zeroPoint.dtype == .int8
      ? try Broadcasting.map(scaled, zeroPoint) { (x: Float, zero: Int8) in
        x.isNaN ? zero : Int8(Swift.min(Swift.max(x + Float(zero), -128), 127))
      }
      : try Broadcasting.map(scaled, zeroPoint) { (x: Float, zero: UInt8) in
        x.isNaN ? zero : UInt8(Swift.min(Swift.max(x + Float(zero), 0), 255))
      }
  }
}
