import LatheDiagnostics
import LatheIR
import LatheTensors

/// Elements of one quantized tensor where the condition holds, of another elsewhere, brought to the result's scale and zero point.
public struct QLinearWhere: Evaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "QLinearWhere", domain: "com.microsoft", since: 1,
    inputs: [
      .init("condition", "B", [.bool]), .init("X", "T", .bytes), .init("x_scale", "", [.float32]),
      .init("x_zero_point", "T", .bytes), .init("Y", "T", .bytes), .init("y_scale", "", [.float32]),
      .init("y_zero_point", "T", .bytes), .init("z_scale", "", [.float32]), .init("z_zero_point", "T", .bytes),
    ],
    outputs: [.init("Z", "T", .bytes)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    for position in [2, 3, 5, 6, 7, 8] { try ZeroPoints.check(try inputs.tensor(position), channels: 1) }
    return try Where().infer([inputs.optional(0), inputs.optional(1), inputs.optional(4)])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let (x, y, target) = (try inputs.linearCode(2), try inputs.linearCode(5), try inputs.linearCode(7))
    return try Where().evaluate([
      try inputs.required(0), try inputs.required(1).mappingBytes { target.element(x.number($0)) },
      try inputs.required(4).mappingBytes { target.element(y.number($0)) },
    ])
  }
}
