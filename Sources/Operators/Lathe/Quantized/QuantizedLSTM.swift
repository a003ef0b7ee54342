import LatheDiagnostics
import LatheIR

/// PackedLSTM on symmetric INT8 values, with a hidden state that is INT8 from step to step; the cell stays in floats.
///
/// Operands and results are those of `QuantizedRecurrentLayer`.
public struct QuantizedLSTM: QuantizedRecurrentLayer {
  public static let schema = OperatorSchema(
    "QuantizedLSTM", domain: "lathe", since: 1, inputs: operands, outputs: results, attributes: PackedLSTM.schema.attributes)

  /// The layer in floats.
  public var layer: PackedLSTM

  public init(_ layer: PackedLSTM) { self.layer = layer }

  func advance(_ state: inout QuantizedState, _ gates: QuantizedGates, at row: Int) {
    let previous = state.codes
    for unit in 0..<gates.hidden {
      func opening(_ gate: Int) -> Float {
        CanonicalArithmetic.activated(gates.sum(gate * gates.hidden + unit, of: previous, at: row), by: gate == 3 ? .tanh : .sigmoid)
      }
      let cell = CanonicalArithmetic.fused(opening(2), state.floats[1][unit], opening(0) * opening(3))
      state.floats[1][unit] = cell
      state.setHidden(unit, to: opening(1) * CanonicalArithmetic.activated(cell, by: .tanh))
    }
  }
}
