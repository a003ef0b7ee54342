import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input quantized to `uint8`, with the scale and zero point that its own range asks for.
///
/// The range always holds 0. Where it is nothing but 0, the scale is 1, as in ONNX Runtime.
public struct DynamicQuantizeLinear: Evaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "DynamicQuantizeLinear", since: 11,
    inputs: [.init("x", "T1", [.float32])],
    outputs: [.init("y", "T2", [.uint8]), .init("y_scale", "", [.float32]), .init("y_zero_point", "T2", [.uint8])])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    return [TensorType(.uint8, x.shape), TensorType(.float32, []), TensorType(.uint8, [])].map { .tensor($0) }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let (scale, zeroPoint) = Self.parameters(x)
    let y = try Broadcasting.map(x) { (x: Float) in Self.code(x, scale, zeroPoint) }
    return [y, try Tensor.scalar(scale), try Tensor.scalar(zeroPoint)]
  }

  /// Scale and zero point for the range of a tensor of `Float`.
  static func parameters(_ x: Tensor) -> (scale: Float, zeroPoint: UInt8) {
    parameters(
      ofRange: x.withElements(as: Float.self) { elements in
        elements.reduce((Float(0), Float(0))) { ($1 < $0.0 ? $1 : $0.0, $1 > $0.1 ? $1 : $0.1) }
      })
  }

  /// Scale and zero point for a range that holds 0.
  public static func parameters(ofRange range: (low: Float, high: Float)) -> (scale: Float, zeroPoint: UInt8) {
    let (low, high) = range
    let scale: Float = low == high ? 1 : (high - low) / 255
    let exact = 0 - low / scale
    return (scale, exact.isNaN ? 0 : UInt8(Swift.min(Swift.max(exact, 0), 255).rounded(.toNearestOrEven)))
  }

  @inline(__always)
  static func code(_ x: Float, _ scale: Float, _ zeroPoint: UInt8) -> UInt8 {
    let sum = (x / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
    return sum.isNaN ? zeroPoint : UInt8(Swift.min(Swift.max(sum, 0), 255))
  }
}

extension DynamicQuantizeLinear: AxisMapping {
  /// All elements decide on the scale.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let rank = outputs.first?.rank, var map = AxisMap.along(Set(0..<rank), .normalized, inputs, outputs) else { return nil }
    for position in outputs.indices.dropFirst() { map.outputs[position] = [] }
    return map
  }
}
