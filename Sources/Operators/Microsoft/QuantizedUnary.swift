import LatheDiagnostics
import LatheIR
import LatheTensors

/// A function of one quantized tensor: dequantized, computed in `Float`, and quantized again.
protocol QuantizedUnary: Evaluable {
  func apply(_ x: Float) -> Float
}

extension QuantizedUnary {
  /// X and Y, each with its scale and its optional zero point.
  static func formal(
    _ name: String, since version: Int, attributes: [String: Attribute.Kind] = [:]
  ) -> OperatorSchema {
    OperatorSchema(
      name, domain: "com.microsoft", since: version,
      inputs: [
        .init("X", "T", .bytes), .init("X_scale", "", [.float32]), .init("X_zero_point", "T", .bytes, .optional),
        .init("Y_scale", "", [.float32]), .init("Y_zero_point", "T", .bytes, .optional),
      ],
      outputs: [.init("Y", "T", .bytes)],
      attributes: attributes)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    for position in 1...4 { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    return [.tensor(try inputs.tensor(0))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (from, to) = (try inputs.linearCode(1), try inputs.linearCode(3))
    return [try inputs.required(0).mappingBytes { to.element(apply(from.number($0))) }]
  }
}
