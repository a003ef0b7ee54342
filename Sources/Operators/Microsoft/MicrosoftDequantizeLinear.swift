import LatheDiagnostics
import LatheIR
import LatheTensors

/// DequantizeLinear as ONNX Runtime has it for integers of 4 and 16 bits, which the standard operator lacked; one scale, or one for each
/// index of an axis.
public struct MicrosoftDequantizeLinear: Evaluable {
  private static let types: DTypeDomain = [.int8, .uint8, .int16, .uint16, .int4, .uint4, .int32]
  private static let floats: DTypeDomain = [.float32, .float16]

  public static let schema = OperatorSchema(
    "DequantizeLinear", domain: "com.microsoft", since: 1,
    inputs: [
      .init("x", "T1", types), .init("x_scale", "T2", floats), .init("x_zero_point", "T1", types, .optional),
    ],
    outputs: [.init("y", "T2", floats)],
    attributes: ["axis": .integer])

  /// Axis of the scales, where there are several; negative counts from the back.
  public var axis: Int

  public init(axis: Int = 1) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 1)
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 1 { attributes.set("axis", axis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try DequantizeLinear(axis: axis).infer(inputs)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    try DequantizeLinear(axis: axis).evaluate(inputs)
  }
}
