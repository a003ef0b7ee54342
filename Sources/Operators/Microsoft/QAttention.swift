import LatheDiagnostics
import LatheIR
import LatheTensors

/// Self-attention of ONNX Runtime with quantized input and weights; everything behind the projection is in floats.
public struct QAttention: Evaluable, ProjectedAttention, QuantizedProduct {
  private static let floats: DTypeDomain = [.float32, .float16]

  public static let schema = OperatorSchema(
    "QAttention", domain: "com.microsoft", since: 1,
    inputs: [
      .init("input", "T1", .bytes), .init("weight", "T2", .bytes), .init("bias", "T3", floats),
      .init("input_scale", "T3", floats), .init("weight_scale", "T3", floats),
      .init("mask_index", "T4", [.int32], .optional), .init("input_zero_point", "T1", .bytes, .optional),
      .init("weight_zero_point", "T2", .bytes, .optional), .init("past", "T3", floats, .optional),
    ],
    outputs: [.init("output", "T3", floats), .init("present", "T3", floats, .optional)],
    attributes: commonKinds)

  /// Number of heads.
  public var heads: Int
  /// Whether a query attends to no key behind it.
  public var isCausal: Bool
  /// Factor of the products; nil is 1 / √depth.
  public var scale: Float?
  /// Added to the scores of masked keys.
  public var filterValue: Float
  /// Whether past and present are one buffer.
  public var sharesBuffer: Bool
  /// Whether queries and keys are turned by their position.
  public var isRotary: Bool

  public init(heads: Int, isCausal: Bool = false, scale: Float? = nil, filterValue: Float = -10000) {
    self.heads = heads
    self.isCausal = isCausal
    self.scale = scale
    self.filterValue = filterValue
    (sharesBuffer, isRotary) = (false, false)
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    heads = try Attributes.required("num_heads", try attributes.headCount("num_heads"))
    isCausal = try attributes.flag("unidirectional", default: false)
    scale = try attributes.float("scale")
    filterValue = try attributes.float("mask_filter_value", default: -10000)
    sharesBuffer = try attributes.flag("past_present_share_buffer", default: false)
    isRotary = try attributes.flag("do_rotary", default: false)
  }

  public func encode(into attributes: inout Attributes) { encodeCommon(into: &attributes) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (input, weight, bias) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
    for position in [3, 6] { try ZeroPoints.check(try inputs.optional(position)?.tensor(), channels: 1) }
    for position in [4, 7] { try ProductSide.columns.check(try inputs.optional(position)?.tensor(), weight) }
    return try inferAttention(
      input, weight, bias: bias, mask: try inputs.optional(5)?.tensor(), past: try inputs.optional(8)?.tensor(),
      dtype: bias.dtype, qkvSizes: nil)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let bias = try inputs.required(2)
    let sums = try product(
      try ZeroPoints.subtracted(from: try inputs.required(0), inputs.optional(6), axis: nil),
      try QuantizedMatrix.centred(try inputs.required(1), inputs.optional(7), .columns))
    let projected = try QuantizedMatrix.scaled(
      sums, try inputs.required(3).reshaped(to: []).converted(to: Float.self),
      try ProductSide.columns.spread(try inputs.required(4).converted(to: Float.self), rank: 3),
      bias: try bias.converted(to: Float.self))
    let results = try attended(projected, mask: inputs.optional(5), past: inputs.optional(8), bias: nil, qkvSizes: nil)
    var outputs: [Tensor] = []
    for result in results { outputs.append(try result.narrowed(to: bias.dtype)) }
    return outputs
  }
}
