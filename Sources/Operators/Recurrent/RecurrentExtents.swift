import LatheDiagnostics
import LatheIR
import LatheTensors

/// The extents of a GRU's or RNN's operands, checked against each other.
struct RecurrentExtents {
  var steps: Dimension = .unknown
  var batch: Dimension = .unknown
  var hidden: Dimension = .unknown

  /// - Throws: `operator/recurrent`, naming the operand whose shape does not fit.
  init(_ inputs: [Operand?], _ settings: RecurrentSettings, gates: Int, _ name: OperatorName) throws(Diagnostic) {
    let directions = Dimension.known(settings.direction.count)
    let isBatchFirst = settings.isBatchFirst
    var features = Dimension.unknown
    if let size = settings.hiddenSize {
      guard size > 0 else { throw .invalid("operator/recurrent", "\(name): hidden_size = \(size) is not positive") }
      hidden = .known(size)
    }
    func shape(_ position: Int, _ role: String, rank: Int) throws(Diagnostic) -> Shape? {
      guard let type = try inputs.optional(position)?.tensor(), let shape = type.shape else { return nil }
      guard shape.count == rank else {
        throw .invalid("operator/recurrent", "\(name): \(role) should have \(rank) axes, but is \(type)")
      }
      return shape
    }
    func match(_ expected: Dimension, _ found: Dimension, _ role: String) throws(Diagnostic) {
      guard expected.isProvablyDifferent(from: found) else { return }
      throw .invalid(
        "operator/recurrent", "\(name): \(role) has an extent of \(found) where the other operands say \(expected)")
    }
    func bind(_ known: inout Dimension, _ found: Dimension, _ role: String) throws(Diagnostic) {
      try match(known, found, role)
      if known == .unknown || found.known != nil { known = found }
    }
    if let shape = try shape(2, "R", rank: 3) {
      try bind(&hidden, shape[2], "R")
      try match(hidden * .known(gates), shape[1], "R")
      try match(directions, shape[0], "R")
    }
    if let shape = try shape(0, "X", rank: 3) {
      try bind(&steps, shape[isBatchFirst ? 1 : 0], "X")
      try bind(&batch, shape[isBatchFirst ? 0 : 1], "X")
      try bind(&features, shape[2], "X")
    }
    if let shape = try shape(1, "W", rank: 3) {
      if hidden == .unknown { hidden = shape[1].exactlyDivided(by: .known(gates)) ?? .unknown }
      try match(directions, shape[0], "W")
      try match(hidden * .known(gates), shape[1], "W")
      try bind(&features, shape[2], "W")
    }
    if let shape = try shape(3, "B", rank: 2) {
      try match(directions, shape[0], "B")
      try match(hidden * .known(2 * gates), shape[1], "B")
    }
    if let shape = try shape(4, "sequence_lens", rank: 1) { try bind(&batch, shape[0], "sequence_lens") }
    if let shape = try shape(5, "initial_h", rank: 3) {
      try match(directions, shape[isBatchFirst ? 1 : 0], "initial_h")
      try bind(&batch, shape[isBatchFirst ? 0 : 1], "initial_h")
      try bind(&hidden, shape[2], "initial_h")
    }
  }
}
