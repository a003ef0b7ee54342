import LatheDiagnostics
import LatheIR
import LatheTensors

/// Attention of ONNX Runtime on projected queries, keys and values, which may be packed, with a mask, a bias and a cache.
///
/// Packed operands are [batch, sequence, heads, 3 or 2, size]; keys and values of 4 axes are [batch, heads, sequence, size].
/// The last output holds the scores, masked and biased, before the softmax. A cache in a buffer of its own length is carried, but not run.
public struct MultiHeadAttention: Evaluable {
  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "MultiHeadAttention", domain: "com.microsoft", since: 1,
    inputs: [
      .init("query", "T", types), .init("key", "T", types, .optional), .init("value", "T", types, .optional),
      .init("bias", "T", types, .optional), .init("key_padding_mask", "M", [.int32], .optional),
      .init("attention_bias", "T", types, .optional), .init("past_key", "T", types, .optional),
      .init("past_value", "T", types, .optional), .init("past_sequence_length", "M", [.int32], .optional),
      .init("cache_indirection", "M", [.int32], .optional),
    ],
    outputs: [
      .init("output", "T", types), .init("present_key", "T", types, .optional),
      .init("present_value", "T", types, .optional), .init("qk", "QK", types, .optional),
    ],
    attributes: ["mask_filter_value": .float, "num_heads": .integer, "scale": .float, "unidirectional": .integer])

  /// Number of heads.
  public var heads: Int
  /// Whether a query attends to no key behind it.
  public var isCausal: Bool
  /// Factor of the products; nil is 1 / √depth.
  public var scale: Float?
  /// Added to the scores of masked keys.
  public var filterValue: Float

  public init(heads: Int, isCausal: Bool = false, scale: Float? = nil, filterValue: Float = -10000) {
    self.heads = heads
    self.isCausal = isCausal
    self.scale = scale
    self.filterValue = filterValue
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    heads = try Attributes.required("num_heads", try attributes.headCount("num_heads"))
    isCausal = try attributes.flag("unidirectional", default: false)
    scale = try attributes.float("scale")
    filterValue = try attributes.float("mask_filter_value", default: -10000)
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("num_heads", heads)
    if isCausal { attributes.set("unidirectional", true) }
    if let scale { attributes.set("scale", scale) }
    if filterValue != -10000 { attributes.set("mask_filter_value", filterValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0).dtype
    var extents = MultiHeadExtents(heads: heads)
    try extents.bind(inputs)
    return [
      .tensor(TensorType(type, [extents.batch, extents.queries, extents.width * .known(heads)])),
      .tensor(TensorType(type, [extents.batch, .known(heads), extents.total, extents.depth])),
      .tensor(TensorType(type, [extents.batch, .known(heads), extents.total, extents.width])),
      .tensor(TensorType(type, [extents.batch, .known(heads), extents.queries, extents.total])),
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    guard inputs.optional(8) == nil, inputs.optional(9) == nil else {
      throw .invalid(
        "operator/unsupported", "MultiHeadAttention cannot be run with past_sequence_length or cache_indirection")
    }
    let dtype = try inputs.required(0).dtype
    var (q, k, v) = try projections(inputs)
    if let bias = try inputs.optional(3)?.converted(to: Float.self) {
      let hasKeys = inputs.optional(1)?.rank != 4
      (q, k, v) = (
        try added(bias, 0, to: q), hasKeys ? try added(bias, 1, to: k) : k, hasKeys ? try added(bias, 2, to: v) : v
      )
    }
    if let past = inputs.optional(6) { k = try Tensor.joined([try past.converted(to: Float.self), k], axis: 2) }
    if let past = inputs.optional(7) { v = try Tensor.joined([try past.converted(to: Float.self), v], axis: 2) }
    let padding = try PaddingMask(
      mask: inputs.optional(4), filter: filterValue, bias: inputs.optional(5), isCausal: isCausal, batch: q.shape[0],
      heads: heads, queries: q.shape[2], keys: k.shape[2], past: inputs.optional(6)?.shape[2] ?? 0)
    let product = ScaledDotProduct(
      scale: scale.map(Double.init) ?? 1 / Double(q.shape[3]).squareRoot(), capture: .biased)
    let (result, scores) = try product(q, k, v, as: Float.self, bias: padding.add)
    guard let scores else {
      throw Diagnostic("operator/inconsistent", .internalFault, "MultiHeadAttention has lost its scores")
    }
    let output = try result.joiningHeads()
    return [
      try output.narrowed(to: dtype), try k.narrowed(to: dtype), try v.narrowed(to: dtype),
      try scores.narrowed(to: dtype),
    ]
  }

  /// Queries, keys and values as [batch, heads, sequence, size] in `Float`.
  private func projections(_ inputs: [Tensor?]) throws(Diagnostic) -> (Tensor, Tensor, Tensor) {
    let query = try inputs.required(0).converted(to: Float.self)
    if query.rank == 5 { return (try unpacked(query, 0), try unpacked(query, 1), try unpacked(query, 2)) }
    let q = try query.splitIntoHeads(heads)
    let key = try inputs.required(1).converted(to: Float.self)
    if key.rank == 5 { return (q, try unpacked(key, 0), try unpacked(key, 1)) }
    let value = try inputs.required(2).converted(to: Float.self)
    return (
      q, key.rank == 4 ? key : try key.splitIntoHeads(heads), value.rank == 4 ? value : try value.splitIntoHeads(heads)
    )
  }

  private func unpacked(_ tensor: Tensor, _ index: Int) throws(Diagnostic) -> Tensor {
    try tensor.part(index, axis: 3).permuted([0, 2, 1, 3])
  }

  /// The part of the bias that belongs to queries (0), keys (1) or values (2), added.
  private func added(_ bias: Tensor, _ part: Int, to tensor: Tensor) throws(Diagnostic) -> Tensor {
    let size = heads * tensor.shape[3]
    let first = part == 2 ? bias.elementCount - size : part * size
    let layout = StridedLayout(shape: [heads, 1, tensor.shape[3]], strides: [tensor.shape[3], 0, 1], offset: first)
    return try Add().evaluate([tensor, try bias.gathered(by: layout)])[0]
  }
}
