import LatheDiagnostics
import LatheIR

/// PackedGRU on symmetric INT8 values, whose products read the hidden state as INT8 values; what the update gate keeps of it stays in floats.
///
/// Operands and results are those of `QuantizedRecurrentLayer`. Where the reset gate weights the state, what it leaves, within −1 … 1 as well, is
/// read as INT8 values with the scale 1/127.
public struct QuantizedGRU: QuantizedRecurrentLayer {
  public static let schema = OperatorSchema(
    "QuantizedGRU", domain: "lathe", since: 1, inputs: operands, outputs: results, attributes: PackedGRU.schema.attributes)

  /// The layer in floats.
  public var layer: PackedGRU

  public init(_ layer: PackedGRU) { self.layer = layer }

  func advance(_ state: inout QuantizedState, _ gates: QuantizedGates, at row: Int) {
    let (hidden, previous) = (gates.hidden, state)
    func opening(_ gate: Int, _ unit: Int) -> Float {
      CanonicalArithmetic.activated(gates.sum(gate * hidden + unit, of: previous.codes, at: row), by: .sigmoid)
    }
    let resets = (0..<hidden).map { opening(1, $0) }
    let kept = (0..<hidden).map { CanonicalArithmetic.quantized(resets[$0] * previous.floats[0][$0] * 127) }
    for unit in 0..<hidden {
      let (update, index) = (opening(0, unit), 2 * hidden + unit)
      let sum: Float
      if layer.appliesResetToProduct {
        let product = gates.stateSum(index, of: previous.codes, plus: gates.stateBias?[index])
        sum = CanonicalArithmetic.fused(resets[unit], product, gates.inputSum(index, at: row, plus: gates.inputBias?[index]))
      } else {
        sum = gates.sum(index, of: kept, at: row)
      }
      let candidate = CanonicalArithmetic.activated(sum, by: .tanh)
      state.setHidden(unit, to: CanonicalArithmetic.fused(update, previous.floats[0][unit], (1 - update) * candidate))
    }
  }
}
