import LatheDiagnostics
import LatheIR
import LatheTensors

/// The extents of an LSTM's operands, checked against each other.
struct LSTMExtents {
  var steps: Dimension = .unknown
  var batch: Dimension = .unknown
  var features: Dimension = .unknown
  var hidden: Dimension = .unknown

  /// - Throws: `operator/lstm`, naming the operand whose shape does not fit.
  init(_ inputs: [Operand?], _ op: LSTM) throws(Diagnostic) {
    let directions = Dimension.known(op.direction.count)
    if let size = op.hiddenSize {
      guard size > 0 else { throw Self.misfit("hidden_size = \(size) is not positive") }
      hidden = .known(size)
    }
    if let shape = try Self.shape(inputs, 2, "R", rank: 3) {
      try Self.match(&hidden, shape[2], "R")
      try Self.match(gates: shape[1], hidden, 4, "R")
      try Self.match(directions, shape[0], "R")
    }
    if let shape = try Self.shape(inputs, 0, "X", rank: 3) {
      try Self.match(&steps, shape[op.isBatchFirst ? 1 : 0], "X")
      try Self.match(&batch, shape[op.isBatchFirst ? 0 : 1], "X")
      try Self.match(&features, shape[2], "X")
    }
    if let shape = try Self.shape(inputs, 1, "W", rank: 3) {
      if hidden == .unknown { hidden = shape[1].exactlyDivided(by: 4) ?? .unknown }
      try Self.match(directions, shape[0], "W")
      try Self.match(gates: shape[1], hidden, 4, "W")
      try Self.match(&features, shape[2], "W")
    }
    for (position, name, gates) in [(3, "B", 8), (7, "P", 3)] {
      guard let shape = try Self.shape(inputs, position, name, rank: 2) else { continue }
      try Self.match(directions, shape[0], name)
      try Self.match(gates: shape[1], hidden, gates, name)
    }
    if let shape = try Self.shape(inputs, 4, "sequence_lens", rank: 1) {
      try Self.match(&batch, shape[0], "sequence_lens")
    }
    for (position, name) in [(5, "initial_h"), (6, "initial_c")] {
      guard let shape = try Self.shape(inputs, position, name, rank: 3) else { continue }
      try Self.match(directions, shape[op.isBatchFirst ? 1 : 0], name)
      try Self.match(&batch, shape[op.isBatchFirst ? 0 : 1], name)
      try Self.match(&hidden, shape[2], name)
    }
  }

  private static func shape(_ inputs: [Operand?], _ position: Int, _ name: String, rank: Int) throws(Diagnostic)
    -> Shape?
  {
    guard let shape = try inputs.optional(position)?.tensor().shape else { return nil }
    guard shape.count == rank else { throw misfit("\(name) should have \(rank) axes, but has the shape \(shape)") }
    return shape
  }

  private static func match(_ expected: Dimension, _ found: Dimension, _ name: String) throws(Diagnostic) {
    guard expected.isProvablyDifferent(from: found) else { return }
    throw misfit("\(name) has an extent of \(found) where the other operands say \(expected)")
  }

  /// Matches and remembers the more telling of the two.
  private static func match(_ expected: inout Dimension, _ found: Dimension, _ name: String) throws(Diagnostic) {
    try match(expected, found, name)
    if expected == .unknown || found.known != nil { expected = found }
  }

  private static func match(gates found: Dimension, _ hidden: Dimension, _ count: Int, _ name: String)
    throws(Diagnostic)
  {
    try match(hidden * .known(count), found, name)
  }

  private static func misfit(_ message: String) -> Diagnostic { .invalid("operator/lstm", "LSTM: \(message)") }
}
