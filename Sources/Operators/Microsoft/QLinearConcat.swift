import LatheDiagnostics
import LatheIR
import LatheTensors

/// Quantized tensors joined along one axis, each brought to the result's scale and zero point.
///
/// Behind these come a tensor, a scale and a zero point for each part.
public struct QLinearConcat: Evaluable {
  public static let schema = OperatorSchema(
    "QLinearConcat", domain: "com.microsoft", since: 1,
    inputs: [
      .init("Y_scale", "", [.float32]), .init("Y_zero_point", "T8", .bytes),
      .init("inputs", "", DTypeDomain.bytes.union([.float32]), .variadic),
    ],
    outputs: [.init("Y", "T8", .bytes)],
    attributes: ["axis": .integer])

  /// The axis whose extents add up; negative counts from the back.
  public var axis: Int

  public init(axis: Int) { self.axis = axis }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try Attributes.required("axis", try attributes.integer("axis"))
  }

  public func encode(into attributes: inout Attributes) { attributes.set("axis", axis) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    guard inputs.count >= 5, inputs.count % 3 == 2 else {
      throw .invalid("operator/inputs", "QLinearConcat takes a tensor, a scale and a zero point for each part")
    }
    let dtype = try inputs.tensor(1).dtype
    for position in inputs.indices where position % 3 != 2 {
      try ZeroPoints.check(try inputs.tensor(position), channels: 1)
    }
    for position in inputs.indices {
      let type = try inputs.tensor(position)
      guard type.dtype == (position % 3 == 0 ? .float32 : dtype) else {
        throw .invalid("operator/dtype", "QLinearConcat of \(dtype): input \(position) cannot be \(type)")
      }
    }
    return try Concat(axis: axis).infer(stride(from: 2, to: inputs.count, by: 3).map { inputs[$0] })
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let target = try inputs.linearCode(0)
    var parts: [Tensor] = []
    for position in stride(from: 2, to: inputs.count, by: 3) {
      let source = try inputs.linearCode(position + 1)
      parts.append(try inputs.required(position).mappingBytes { target.element(source.number($0)) })
    }
    return try Concat(axis: axis).evaluate(parts)
  }
}
