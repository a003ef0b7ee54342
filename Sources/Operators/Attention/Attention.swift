import LatheDiagnostics
import LatheIR
import LatheTensors

/// Scaled dot-product attention, with groups of query heads sharing keys and values, masks, windows, and a cache of past keys.
///
/// Operands are [batch, heads, sequence, size] or [batch, sequence, heads · size]. Sums of floats of 16 bits are taken in
/// `Float`; as in the specification's own expansion, each step is rounded to the operands' type. A query that attends to nothing gives zeros.
public struct Attention: Evaluable {
  public static let schema = OperatorSchema(
    "Attention", since: 25,
    inputs: [
      .init("Q", "T1", .floats), .init("K", "T1", .floats), .init("V", "T2", .floats),
      .init("attn_mask", "U", .numeric.union(.bool), .optional), .init("past_key", "T1", .floats, .optional),
      .init("past_value", "T2", .floats, .optional), .init("nonpad_kv_seqlen", "", .int64, .optional),
    ],
    outputs: [
      .init("Y", "T1", .floats), .init("present_key", "T1", .floats, .optional),
      .init("present_value", "T2", .floats, .optional), .init("qk_matmul_output", "T1", .floats, .optional),
    ],
    attributes: [
      "is_causal": .integer, "kv_num_heads": .integer, "left_window_size": .integer, "q_num_heads": .integer,
      "qk_matmul_output_mode": .integer, "right_window_size": .integer, "scale": .float, "softcap": .float,
      "softmax_precision": .integer,
    ])

  /// What the last output holds.
  public enum Scores: Int, Sendable, Hashable, CaseIterable {
    case products, capped, biased, probabilities
  }

  /// Whether a query attends to no key behind it.
  public var isCausal: Bool
  /// Number of query heads, where operands have 3 axes.
  public var heads: Int?
  /// Number of key heads, where operands have 3 axes.
  public var sharedHeads: Int?
  /// How many keys before a query are attended to; nil for all.
  public var leftWindow: Int?
  /// How many keys behind a query are attended to; nil for all.
  public var rightWindow: Int?
  /// What the last output holds.
  public var scores: Scores
  /// Factor of the products; nil is 1 / √depth.
  public var scale: Float?
  /// Products x become cap · tanh(x / cap); 0 for no cap.
  public var softcap: Float
  /// Type that the softmax is computed in at least; nil is that of Q.
  public var softmaxType: DType?

  public init(
    isCausal: Bool = false, heads: Int? = nil, sharedHeads: Int? = nil, leftWindow: Int? = nil, rightWindow: Int? = nil,
    scores: Scores = .products, scale: Float? = nil, softcap: Float = 0, softmaxType: DType? = nil
  ) {
    self.isCausal = isCausal
    self.heads = heads
    self.sharedHeads = sharedHeads
    self.leftWindow = leftWindow
    self.rightWindow = rightWindow
    self.scores = scores
    self.scale = scale
    self.softcap = softcap
    self.softmaxType = softmaxType
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    isCausal = try attributes.flag("is_causal", default: false)
    heads = try attributes.headCount("q_num_heads")
    sharedHeads = try attributes.headCount("kv_num_heads")
    leftWindow = try Self.window(attributes, "left_window_size")
    rightWindow = try Self.window(attributes, "right_window_size")
    let mode = try attributes.integer("qk_matmul_output_mode", default: 0)
    scale = try attributes.float("scale")
    softcap = try attributes.float("softcap", default: 0)
    softmaxType = try attributes.optionalType("softmax_precision", in: .floats)
    guard let scores = Scores(rawValue: mode) else {
      throw .invalid("operator/attribute-value", "qk_matmul_output_mode = \(mode) is none of 0 to 3")
    }
    self.scores = scores
  }

  private static func window(_ attributes: Attributes, _ name: String) throws(Diagnostic) -> Int? {
    guard let size = try attributes.integer(name), size != -1 else { return nil }
    guard size >= 0 else { throw .invalid("operator/attribute-value", "\(name) = \(size) is negative, but not −1") }
    return size
  }

  public func encode(into attributes: inout Attributes) {
    if isCausal { attributes.set("is_causal", true) }
    if let heads { attributes.set("q_num_heads", heads) }
    if let sharedHeads { attributes.set("kv_num_heads", sharedHeads) }
    if let leftWindow { attributes.set("left_window_size", leftWindow) }
    if let rightWindow { attributes.set("right_window_size", rightWindow) }
    if scores != .products { attributes.set("qk_matmul_output_mode", scores.rawValue) }
    if let scale { attributes.set("scale", scale) }
    if softcap != 0 { attributes.set("softcap", softcap) }
    if let softmaxType { attributes.set("softmax_precision", softmaxType) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let extents = try AttentionExtents(inputs, self)
    let (type, valueType) = (try inputs.tensor(0).dtype, try inputs.tensor(2).dtype)
    let (batch, heads, queries) = (extents.batch, extents.heads, extents.queries)
    let shape: Shape? =
      switch extents.rank {
      case 3: [batch, queries, heads * extents.width]
      case 4: [batch, heads, queries, extents.width]
      default: nil
      }
    return [
      .tensor(TensorType(type, shape)),
      .tensor(TensorType(type, [batch, extents.sharedHeads, extents.total, extents.depth])),
      .tensor(TensorType(valueType, [batch, extents.sharedHeads, extents.total, extents.width])),
      .tensor(TensorType(type, [batch, heads, queries, extents.total])),
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let types = (try inputs.required(0).dtype, try inputs.required(2).dtype)
    return types.0 == .float64 || types.1 == .float64
      ? try attended(inputs, as: Double.self) : try attended(inputs, as: Float.self)
  }

  private func attended<W: FloatElement>(_ inputs: [Tensor?], as type: W.Type) throws(Diagnostic) -> [Tensor] {
    var (q, k, v) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
    let isPacked = q.rank == 3
    if isPacked {
      q = try q.splitIntoHeads(try Attributes.required("q_num_heads", heads))
      k = try k.splitIntoHeads(try Attributes.required("kv_num_heads", sharedHeads))
      v = try v.splitIntoHeads(try Attributes.required("kv_num_heads", sharedHeads))
    }
    if let past = inputs.optional(4) { k = try Tensor.joined([past, k], axis: 2) }
    if let past = inputs.optional(5) { v = try Tensor.joined([past, v], axis: 2) }
    let mask = try AttentionMask(
      inputs, self, batch: q.shape[0], heads: q.shape[1], queries: q.shape[2], keys: k.shape[2])
    let own = FloatPrecision(of: q.dtype)
    let product = ScaledDotProduct(
      scale: scale.map(Double.init) ?? 1 / Double(q.shape[3]).squareRoot(), softcap: Double(softcap), capture: capture,
      precision: own, softmaxPrecision: softmaxType.map { FloatPrecision(of: $0) } ?? own)
    let (result, captured) = try product(
      try q.converted(to: W.self), try k.converted(to: W.self), try v.converted(to: W.self), as: W.self, bias: mask.add)
    let y = try result.narrowed(to: q.dtype)
    guard let captured else {
      throw Diagnostic("operator/inconsistent", .internalFault, "Attention has lost its scores")
    }
    return [isPacked ? try y.joiningHeads() : y, k, v, try captured.narrowed(to: q.dtype)]
  }

  private var capture: ScaledDotProduct.Capture {
    switch scores {
    case .products: .products
    case .capped: .capped
    case .biased: .biased
    case .probabilities: .probabilities
    }
  }
}

extension Attributes {
  /// A number of heads, if it is given.
  ///
  /// - Throws: `operator/attribute-value` if it is not positive.
  func headCount(_ name: String) throws(Diagnostic) -> Int? {
    guard let count = try integer(name) else { return nil }
    guard count >= 1, count <= 1 << 30 else {
      throw .invalid("operator/attribute-value", "\(name) = \(count) is no number of heads")
    }
    return count
  }
}

extension Tensor {
  /// The floats rounded to one of the four float types.
  func narrowed(to dtype: DType) throws(Diagnostic) -> Tensor {
    switch dtype {
    case .float32: try converted(to: Float.self)
    case .float64: try converted(to: Double.self)
    case .float16: try converted(to: Float16.self)
    case .bfloat16: try converted(to: BFloat16.self)
    default: throw .invalid("operator/dtype", "\(dtype) is no float")
    }
  }
}
