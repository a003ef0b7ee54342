import LatheDiagnostics
import LatheIR
import LatheTensors

/// Attention as a recurrence: a matrix for each head takes in every key and value, and every query reads it.
///
/// Operands are [batch, sequence, heads · size]. The state is kept in double precision and rounded at the end; without a past one,
/// it has the type of the query.
public struct LinearAttention: FloatEvaluable {
  /// How a step changes the state.
  public enum UpdateRule: String, Sendable, Hashable, CaseIterable {
    case linear, gated, delta
    case gatedDelta = "gated_delta"

    var decays: Bool { self == .gated || self == .gatedDelta }
    var corrects: Bool { self == .delta || self == .gatedDelta }
  }

  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "LinearAttention", since: 27,
    inputs: [
      .init("query", "T", types), .init("key", "T", types), .init("value", "T", types),
      .init("past_state", "S", types, .optional), .init("decay", "T", types, .optional),
      .init("beta", "T", types, .optional),
    ],
    outputs: [.init("output", "T", types), .init("present_state", "S", types)],
    attributes: [
      "chunk_size": .integer, "kv_num_heads": .integer, "q_num_heads": .integer, "scale": .float,
      "update_rule": .string,
    ])

  /// Number of query heads, a multiple of that of key heads.
  public var heads: Int
  /// Number of key heads, each of which has a state.
  public var sharedHeads: Int
  /// How a step changes the state.
  public var updateRule: UpdateRule
  /// Factor of the output; 0 is 1 / √depth.
  public var scale: Float
  /// A hint for implementations that take several steps at a time; no part of the meaning.
  public var chunkSize: Int

  public init(heads: Int, sharedHeads: Int, updateRule: UpdateRule = .gatedDelta, scale: Float = 0, chunkSize: Int = 64)
  {
    self.heads = heads
    self.sharedHeads = sharedHeads
    self.updateRule = updateRule
    self.scale = scale
    self.chunkSize = chunkSize
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    heads = try Attributes.required("q_num_heads", try attributes.headCount("q_num_heads"))
    sharedHeads = try Attributes.required("kv_num_heads", try attributes.headCount("kv_num_heads"))
    updateRule = try attributes.choice("update_rule", default: .gatedDelta)
    scale = try attributes.float("scale", default: 0)
    chunkSize = try attributes.integer("chunk_size", default: 64)
    guard heads % sharedHeads == 0 else {
      throw .invalid("operator/attribute-value", "\(heads) query heads cannot share \(sharedHeads) heads of keys")
    }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("q_num_heads", heads)
    attributes.set("kv_num_heads", sharedHeads)
    if updateRule != .gatedDelta { attributes.set("update_rule", updateRule.rawValue) }
    if scale != 0 { attributes.set("scale", scale) }
    if chunkSize != 64 { attributes.set("chunk_size", chunkSize) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let query = try inputs.tensor(0)
    guard (inputs.optional(4) != nil) == updateRule.decays, (inputs.optional(5) != nil) == updateRule.corrects else {
      throw misfit(
        "the update rule \(updateRule.rawValue) needs \(updateRule.decays ? "" : "no ")decay and \(updateRule.corrects ? "" : "no ")beta"
      )
    }
    var (batch, steps): (LatheTensors.Dimension, LatheTensors.Dimension) = (.unknown, .unknown)
    func bind(_ known: inout LatheTensors.Dimension, _ found: LatheTensors.Dimension, _ role: String) throws(Diagnostic)
    {
      guard !known.isProvablyDifferent(from: found) else {
        throw misfit("\(role) has an extent of \(found) where the other operands say \(known)")
      }
      if known == .unknown || found.known != nil { known = found }
    }
    func packed(_ position: Int, _ role: String, _ heads: Int) throws(Diagnostic) -> LatheTensors.Dimension {
      guard let shape = try inputs.tensor(position).shape else { return .unknown }
      guard shape.count == 3 else { throw misfit("\(role) should have 3 axes, but has the shape \(shape)") }
      try bind(&batch, shape[0], role)
      try bind(&steps, shape[1], role)
      if let extent = shape[2].known, extent % heads != 0 {
        throw misfit("\(role): \(extent) is no multiple of \(heads) heads")
      }
      return shape[2].exactlyDivided(by: .known(heads)) ?? .unknown
    }
    var depth = try packed(0, "query", heads)
    try bind(&depth, try packed(1, "key", sharedHeads), "key")
    var width = try packed(2, "value", sharedHeads)
    if let shape = try inputs.optional(3)?.tensor().shape {
      guard shape.count == 4 else { throw misfit("past_state should have 4 axes, but has the shape \(shape)") }
      try bind(&batch, shape[0], "past_state")
      var shared = Dimension.known(sharedHeads)
      try bind(&shared, shape[1], "past_state")
      try bind(&depth, shape[2], "past_state")
      try bind(&width, shape[3], "past_state")
    }
    if updateRule.decays {
      let size = try packed(4, "decay", sharedHeads)
      if let size = size.known, let depth = depth.known, size != 1, size != depth {
        throw misfit("decay has \(size) entries for a head")
      }
    }
    if updateRule.corrects, let extent = try inputs.tensor(5).shape?.last?.known, extent != 1 {
      guard try packed(5, "beta", sharedHeads) == 1 else { throw misfit("beta has \(extent) entries for a step") }
    }
    let type = try inputs.optional(3)?.tensor().dtype ?? query.dtype
    return [
      .tensor(TensorType(query.dtype, [batch, steps, width * .known(heads)])),
      .tensor(TensorType(type, [batch, .known(sharedHeads), depth, width])),
    ]
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/attention", "LinearAttention: \(message)") }
}
