import LatheDiagnostics
import LatheIR
import LatheTensors

/// QuantizeLinear as ONNX Runtime has it for integers of 4 and 16 bits, which the standard operator lacked; one scale, or one for each
/// index of an axis.
public struct MicrosoftQuantizeLinear: Evaluable {
  private static let types: DTypeDomain = [.int8, .uint8, .int16, .uint16, .int4, .uint4]
  private static let floats: DTypeDomain = [.float32, .float16]

  public static let schema = OperatorSchema(
    "QuantizeLinear", domain: "com.microsoft", since: 1,
    inputs: [
      .init("x", "T1", floats), .init("y_scale", "T1", floats), .init("y_zero_point", "T2", types, .optional),
    ],
    outputs: [.init("y", "T2", types)],
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
    try QuantizeLinear(axis: axis).infer(inputs)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    try QuantizeLinear(axis: axis).evaluate(inputs)
  }
}
