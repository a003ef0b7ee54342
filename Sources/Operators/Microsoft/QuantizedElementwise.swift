import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator on two quantized tensors that broadcast: what their numbers make, quantized again.
///
/// Ties are common where scales are round numbers, and the rounding of each step decides them: the steps are those of ONNX Runtime's
/// vectors on x86-64 with fused multiplication and addition. On other processors it takes other steps.
protocol QuantizedElementwise: Evaluable, AttributeFree {
  /// The result in units of its scale, its zero point included, for elements of A and B.
  func rule(_ a: LinearCode, _ b: LinearCode, _ c: LinearCode) -> (Float, Float) -> Float
}

/// A scale and a zero point, both as `Float`.
struct LinearCode {
  var scale: Float
  var zero: Float

  /// The number that an element stands for.
  func number(_ element: Float) -> Float { (element - zero) * scale }

  /// The element that stands for a number, before it is clamped.
  func element(_ number: Float) -> Float { (number / scale).rounded(.toNearestOrEven) + zero }
}

extension QuantizedElementwise {
  /// A, B and C, each with its scale and its optional zero point.
  static func formal(_ name: String, since version: Int) -> OperatorSchema {
    OperatorSchema(
      name, domain: "com.microsoft", since: version,
      inputs: [
        .init("A", "T", .bytes), .init("A_scale", "", [.float32]), .init("A_zero_point", "T", .bytes, .optional),
        .init("B", "T", .bytes), .init("B_scale", "", [.float32]), .init("B_zero_point", "T", .bytes, .optional),
        .init("C_scale", "", [.float32]), .init("C_zero_point", "T", .bytes, .optional),
      ],
      outputs: [.init("C", "T", .bytes)])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (a, b) = (try inputs.tensor(0), try inputs.tensor(3))
    for position in [1, 2, 4, 5, 6, 7] { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    return [.tensor(TensorType(a.dtype, try Broadcasting.shape(of: [a, b])))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(3))
    let rule = rule(try inputs.linearCode(1), try inputs.linearCode(4), try inputs.linearCode(6))
    let (x, y) = (try ZeroPoints.widened(a), try ZeroPoints.widened(b))
    return [
      a.dtype == .int8
        ? try Broadcasting.map(x, y) { (x: Int32, y: Int32) in Int8(quantizing: rule(Float(x), Float(y))) }
        : try Broadcasting.map(x, y) { (x: Int32, y: Int32) in UInt8(quantizing: rule(Float(x), Float(y))) }
    ]
  }
}

extension [Tensor?] {
  /// The scale at a position and the zero point behind it, which is 0 where it is left out; each is one element, whatever its shape.
  func linearCode(_ position: Int) throws(Diagnostic) -> LinearCode {
    guard let scale = try required(position).doubles()?.first else {
      throw .invalid("operator/quantization", "the scale at input \(position) is empty")
    }
    return LinearCode(scale: Float(scale), zero: Float(optional(position + 1)?.doubles()?.first ?? 0))
  }
}

extension Tensor {
  /// Integers of 8 bits as what `rule` makes of them, rounded and clamped to the same type.
  func mappingBytes(_ rule: (Float) -> Float) throws(Diagnostic) -> Tensor {
    dtype == .int8
      ? try Broadcasting.map(self) { (x: Int8) in Int8(quantizing: rule(Float(x))) }
      : try Broadcasting.map(self) { (x: UInt8) in UInt8(quantizing: rule(Float(x))) }
  }
}

extension FixedWidthInteger {
  /// The nearest number of the type, even on ties; NaN counts as 0.
  init(quantizing x: Float) {
    self = x.isNaN ? 0 : Self(Swift.min(Swift.max(x.rounded(.toNearestOrEven), Float(Self.min)), Float(Self.max)))
  }
}
