import LatheDiagnostics
import LatheIR
import LatheTensors

/// The extents of a MultiHeadAttention's operands, checked against each other.
struct MultiHeadExtents {
  let heads: Int
  private(set) var batch: Dimension = .unknown
  private(set) var queries: Dimension = .unknown
  private(set) var keys: Dimension = .unknown
  private(set) var past: Dimension = 0
  /// Of one head.
  private(set) var depth: Dimension = .unknown
  private(set) var width: Dimension = .unknown

  init(heads: Int) { self.heads = heads }

  /// All keys.
  var total: Dimension { past + keys }

  /// - Throws: `operator/attention`, naming the operand whose shape does not fit.
  mutating func bind(_ inputs: [Operand?]) throws(Diagnostic) {
    let query = try inputs.tensor(0)
    let isPacked = inputs.optional(1) == nil
    if let shape = query.shape {
      guard shape.count == (isPacked ? 5 : 3) else {
        throw misfit(
          "query \(query) should have \(isPacked ? 5 : 3) axes, as key is \(isPacked ? "left out" : "given")")
      }
      try bind(\.batch, shape[0], "query")
      try bind(\.queries, shape[1], "query")
      if isPacked {
        try bind(packed: shape, parts: 3, "query")
        try bind(\.keys, shape[1], "query")
      } else {
        try bind(\.depth, try size(shape[2], "query"), "query")
      }
    }
    try bindKeys(inputs)
    guard (inputs.optional(6) == nil) == (inputs.optional(7) == nil) else {
      throw misfit("past_key and past_value are needed together")
    }
    if inputs.optional(6) != nil { past = .unknown }
    for (position, role) in [(6, "past_key"), (7, "past_value")] {
      guard let shape = try inputs.optional(position)?.tensor().shape else { continue }
      guard shape.count == 4 else { throw misfit("\(role) should have 4 axes, but has the shape \(shape)") }
      try bind(\.batch, shape[0], role)
      try match(shape[1], .known(heads), role)
      try bind(\.past, shape[2], role)
      try bind(position == 6 ? \.depth : \.width, shape[3], role)
    }
    if let shape = try inputs.optional(3)?.tensor().shape {
      guard shape.count == 1 else { throw misfit("bias should be a vector, but has the shape \(shape)") }
      try match(shape[0], (depth + depth + width) * .known(heads), "bias")
    }
    if inputs.optional(8) == nil {
      try PaddingMask.check(try inputs.optional(4)?.tensor(), batch: batch, queries: queries, keys: total)
    }
  }

  private mutating func bindKeys(_ inputs: [Operand?]) throws(Diagnostic) {
    guard let key = inputs.optional(1) else { return }
    let shape = try key.tensor().shape
    guard inputs.optional(2) != nil else {
      guard let shape else { return }
      guard shape.count == 5 else {
        throw misfit("key should have 5 axes, as value is left out, but has the shape \(shape)")
      }
      try bind(\.keys, shape[1], "key")
      return try bind(packed: shape, parts: 2, "key")
    }
    for (position, role) in [(1, "key"), (2, "value")] {
      guard let shape = try inputs.tensor(position).shape else { continue }
      guard shape.count == 3 || shape.count == 4 else { throw misfit("\(role) should have 3 or 4 axes, not \(shape)") }
      try bind(\.batch, shape[0], role)
      if shape.count == 4 { try match(shape[1], .known(heads), role) }
      try bind(\.keys, shape[shape.count == 4 ? 2 : 1], role)
      try bind(position == 1 ? \.depth : \.width, shape.count == 4 ? shape[3] : try size(shape[2], role), role)
    }
  }

  private mutating func bind(packed shape: Shape, parts: Int, _ role: String) throws(Diagnostic) {
    try bind(\.batch, shape[0], role)
    try match(shape[2], .known(heads), role)
    try match(shape[3], .known(parts), role)
    try bind(\.depth, shape[4], role)
    try bind(\.width, shape[4], role)
  }

  private func size(_ hidden: Dimension, _ role: String) throws(Diagnostic) -> Dimension {
    if let number = hidden.known, number % heads != 0 {
      throw misfit("\(role): \(number) is no multiple of \(heads) heads")
    }
    return hidden.exactlyDivided(by: .known(heads)) ?? .unknown
  }

  private func match(_ found: Dimension, _ expected: Dimension, _ role: String) throws(Diagnostic) {
    guard expected.isProvablyDifferent(from: found) else { return }
    throw misfit("\(role) has an extent of \(found) where the other operands say \(expected)")
  }

  private mutating func bind(
    _ path: WritableKeyPath<MultiHeadExtents, Dimension>, _ found: Dimension, _ role: String
  ) throws(Diagnostic) {
    try match(found, self[keyPath: path], role)
    if self[keyPath: path] == .unknown || found.known != nil { self[keyPath: path] = found }
  }

  private func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/attention", "MultiHeadAttention: \(message)")
  }
}
