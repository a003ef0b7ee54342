import LatheIR
import LatheOperators

/// An LSTM or GRU, as what becomes of it when it is packed.
struct PackableLayer {
  /// The operator with the batch first.
  let packed: any Operator
  let direction: LSTM.Direction
  let isBatchFirst: Bool
  /// Why it stays, whatever its operands are.
  let refusal: String?

  /// nil for any other operator.
  init?(_ op: any Operator) {
    switch op {
    case let lstm as LSTM:
      (direction, isBatchFirst) = (lstm.direction, lstm.isBatchFirst)
      packed = PackedLSTM(direction: lstm.direction)
      let isPlain = lstm.clip == nil && !lstm.couplesGates
      refusal = Self.refusal(lstm.activations, ["Sigmoid", "Tanh", "Tanh"], direction)
        ?? (isPlain ? nil : "it clips its sums or couples its gates")
    case let gru as GRU:
      (direction, isBatchFirst) = (gru.settings.direction, gru.settings.isBatchFirst)
      packed = PackedGRU(direction: direction, appliesResetToProduct: gru.appliesResetToProduct)
      refusal = Self.refusal(gru.settings.activations, ["Sigmoid", "Tanh"], direction) ?? (gru.settings.clip == nil ? nil : "it clips its sums")
    default: return nil
    }
  }

  private static func refusal(_ names: [String]?, _ standard: [String], _ direction: LSTM.Direction) -> String? {
    let expected = Array(repeating: standard, count: direction.count).flatMap { $0 }
    guard let names, names.map({ $0.lowercased() }) != expected.map({ $0.lowercased() }) else { return nil }
    return "its functions are \(names.joined(separator: ", "))"
  }
}
