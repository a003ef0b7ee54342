import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator on two quantized tensors that broadcast: dequantized, combined, and quantized again.
protocol QuantizedElementwise: Evaluable, AttributeFree {
  func apply(_ a: Float, _ b: Float) -> Float
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
    let a = try DequantizeLinear().evaluate([inputs[0], try inputs.scalar(1), try inputs.scalar(2)])[0]
    let b = try DequantizeLinear().evaluate([inputs[3], try inputs.scalar(4), try inputs.scalar(5)])[0]
    let combined = try Broadcasting.map(a, b) { (x: Float, y: Float) in apply(x, y) }
    let target = QuantizeLinear(outputType: try inputs.required(0).dtype)
    return try target.evaluate([combined, try inputs.scalar(6), try inputs.scalar(7)])
  }
}

extension [Tensor?] {
  /// A scale or zero point of one element, whatever its shape; nil if it is left out.
  fileprivate func scalar(_ position: Int) throws(Diagnostic) -> Tensor? { try optional(position)?.reshaped(to: []) }
}
