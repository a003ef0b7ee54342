import LatheDiagnostics
import LatheIR
import LatheTensors

/// Self-attention as ONNX Runtime's optimizer fuses it: one weight for queries, keys and values, a mask, and a cache.
///
/// Rotary embedding and a buffer shared between past and present can be carried, but not run.
public struct MicrosoftAttention: Evaluable, ProjectedAttention {
  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "Attention", domain: "com.microsoft", since: 1,
    inputs: [
      .init("input", "T", types), .init("weights", "T", types), .init("bias", "T", types, .optional),
      .init("mask_index", "M", [.int32], .optional), .init("past", "T", types, .optional),
      .init("attention_bias", "T", types, .optional), .init("past_sequence_length", "M", [.int32], .optional),
    ],
    outputs: [.init("output", "T", types), .init("present", "T", types, .optional)],
    attributes: commonKinds.merging(["qkv_hidden_sizes": .integers, "rotary_embedding_dim": .integer]) { first, _ in
      first
    })

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
  /// Extents of queries, keys and values; nil for thirds.
  public var qkvSizes: [Int]?
  /// How many elements of a head are turned; nil for all.
  public var rotarySize: Int?

  public init(
    heads: Int, isCausal: Bool = false, scale: Float? = nil, filterValue: Float = -10000, qkvSizes: [Int]? = nil
  ) {
    self.heads = heads
    self.isCausal = isCausal
    self.scale = scale
    self.filterValue = filterValue
    self.qkvSizes = qkvSizes
    (sharesBuffer, isRotary, rotarySize) = (false, false, nil)
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    heads = try Attributes.required("num_heads", try attributes.headCount("num_heads"))
    isCausal = try attributes.flag("unidirectional", default: false)
    scale = try attributes.float("scale")
    filterValue = try attributes.float("mask_filter_value", default: -10000)
    sharesBuffer = try attributes.flag("past_present_share_buffer", default: false)
    isRotary = try attributes.flag("do_rotary", default: false)
    qkvSizes = try attributes.integers("qkv_hidden_sizes")
    rotarySize = try attributes.integer("rotary_embedding_dim")
  }

  public func encode(into attributes: inout Attributes) {
    encodeCommon(into: &attributes)
    if let qkvSizes { attributes.set("qkv_hidden_sizes", qkvSizes) }
    if let rotarySize { attributes.set("rotary_embedding_dim", rotarySize) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let input = try inputs.tensor(0)
    return try inferAttention(
      input, try inputs.tensor(1), bias: try inputs.optional(2)?.tensor(), mask: try inputs.optional(3)?.tensor(),
      past: try inputs.optional(4)?.tensor(), dtype: input.dtype, qkvSizes: qkvSizes)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let weights = try inputs.required(1).converted(to: Float.self)
    var projected = try MatMul().evaluate([try input.converted(to: Float.self), weights])[0]
    if let bias = inputs.optional(2) {
      projected = try Add().evaluate([projected, try bias.converted(to: Float.self)])[0]
    }
    let results = try attended(
      projected, mask: inputs.optional(3), past: inputs.optional(4), bias: inputs.optional(5), qkvSizes: qkvSizes)
    var outputs: [Tensor] = []
    for result in results { outputs.append(try result.narrowed(to: input.dtype)) }
    return outputs
  }
}
