import LatheDiagnostics
import LatheIR
import LatheTensors

/// The extents of an Attention's operands, checked against each other.
struct AttentionExtents {
  var batch: Dimension = .unknown
  var heads: Dimension = .unknown
  var sharedHeads: Dimension = .unknown
  var queries: Dimension = .unknown
  /// Keys that are given, without the past ones.
  var keys: Dimension = .unknown
  /// Keys from the past.
  var past: Dimension = 0
  var depth: Dimension = .unknown
  var width: Dimension = .unknown
  /// 3 or 4; nil if no rank is known.
  var rank: Int?

  /// All keys.
  var total: Dimension { past + keys }

  /// - Throws: `operator/attention`, naming the operand whose shape does not fit.
  init(_ inputs: [Operand?], _ op: Attention) throws(Diagnostic) {
    heads = op.heads.map { .known($0) } ?? .unknown
    sharedHeads = op.sharedHeads.map { .known($0) } ?? .unknown
    for (position, role) in ["Q", "K", "V"].enumerated() {
      guard let shape = try inputs.tensor(position).shape else { continue }
      guard shape.count == 3 || shape.count == 4, rank == nil || rank == shape.count else {
        throw Self.misfit("Q, K and V should all have 3 or all 4 axes, but \(role) has the shape \(shape)")
      }
      rank = shape.count
      try bind(\.batch, shape[0], role)
      try bind(position == 0 ? \.queries : \.keys, shape[shape.count == 3 ? 1 : 2], role)
      let size: Dimension
      if shape.count == 4 {
        try bind(position == 0 ? \.heads : \.sharedHeads, shape[1], role)
        size = shape[3]
      } else {
        size = try self.size(of: shape[2], position == 0 ? op.heads : op.sharedHeads, role)
      }
      try bind(position == 2 ? \.width : \.depth, size, role)
    }
    try bindPast(inputs)
    if let heads = heads.known, let shared = sharedHeads.known, shared < 1 || heads % shared != 0 {
      throw Self.misfit("\(heads) query heads cannot share \(shared) heads of keys")
    }
    try check(mask: try inputs.optional(3)?.tensor())
    if let shape = try inputs.optional(6)?.tensor().shape {
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: batch) else {
        throw Self.misfit("nonpad_kv_seqlen should have one entry for each of \(batch), but has the shape \(shape)")
      }
    }
  }

  /// Extent of one head.
  private func size(of hidden: Dimension, _ heads: Int?, _ role: String) throws(Diagnostic) -> Dimension {
    guard let heads else { throw Self.misfit("\(role) has 3 axes, so q_num_heads and kv_num_heads are needed") }
    if let number = hidden.known, number % heads != 0 {
      throw Self.misfit("\(role) has an extent of \(number), which is no multiple of \(heads) heads")
    }
    return hidden.exactlyDivided(by: .known(heads)) ?? .unknown
  }

  private mutating func bindPast(_ inputs: [Operand?]) throws(Diagnostic) {
    guard (inputs.optional(4) == nil) == (inputs.optional(5) == nil) else {
      throw Self.misfit("past_key and past_value are needed together")
    }
    guard inputs.optional(4) != nil else { return }
    if inputs.optional(6) != nil { throw Self.misfit("nonpad_kv_seqlen does not go together with past_key") }
    past = .unknown
    for (position, role) in [(4, "past_key"), (5, "past_value")] {
      guard let shape = try inputs.tensor(position).shape else { continue }
      guard shape.count == 4 else { throw Self.misfit("\(role) should have 4 axes, but has the shape \(shape)") }
      try bind(\.batch, shape[0], role)
      try bind(\.sharedHeads, shape[1], role)
      try bind(\.past, shape[2], role)
      try bind(position == 4 ? \.depth : \.width, shape[3], role)
    }
  }

  /// The mask broadcasts to [batch, heads, queries, keys], but its last axis may be shorter.
  private func check(mask: TensorType?) throws(Diagnostic) {
    guard let mask, let shape = mask.shape else { return }
    let target = [batch, heads, queries, total]
    var fits = (1...4).contains(shape.count)
    for (own, wanted) in zip(shape.dropLast().reversed(), target.dropLast().reversed()) {
      fits = fits && (own == 1 || !own.isProvablyDifferent(from: wanted))
    }
    if let own = shape.last?.known, let wanted = total.known, own > wanted { fits = false }
    guard fits else { throw Self.misfit("attn_mask \(mask) does not broadcast to \(target)") }
  }

  private mutating func bind(
    _ path: WritableKeyPath<AttentionExtents, Dimension>, _ found: Dimension, _ role: String
  ) throws(Diagnostic) {
    let expected = self[keyPath: path]
    guard !expected.isProvablyDifferent(from: found) else {
      throw Self.misfit("\(role) has an extent of \(found) where the other operands say \(expected)")
    }
    if expected == .unknown || found.known != nil { self[keyPath: path] = found }
  }

  private static func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/attention", "Attention: \(message)")
  }
}
