import LatheDiagnostics
import LatheIR
import LatheTensors

extension AxisMap {
  /// The axes of LSTM, GRU and RNN, which differ in their number of gates only; gates lie side by side in the weights.
  static func recurrent(
    gates: Int, isBatchFirst: Bool, hidden: Dimension, _ inputs: [Operand?], _ outputs: [TensorType]
  ) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let w = inputs.optional(1)?.type.tensor?.shape, x.count == 3, w.count == 3
    else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let steps = map.axis(x[isBatchFirst ? 1 : 0], .normalized)
    let batch = map.axis(x[isBatchFirst ? 0 : 1])
    let features = map.axis(x[2], .contracted)
    let directions = map.axis(w[0], .normalized)
    let unit = map.axis(hidden, .recurrent(operand: 2, axis: 2))
    func stacked(_ count: Int) -> Axis { Array(repeating: unit[0], count: count) }
    let state = isBatchFirst ? [batch, directions, unit] : [directions, batch, unit]
    let all: [[Axis]] = [
      isBatchFirst ? [batch, steps, features] : [steps, batch, features], [directions, stacked(gates), features],
      [directions, stacked(gates), unit], [directions, stacked(2 * gates)], [batch], state, state, [directions, stacked(3)],
    ]
    for position in inputs.indices where inputs[position] != nil && position < all.count { map.inputs[position] = all[position] }
    let sequence = isBatchFirst ? [batch, steps, directions, unit] : [steps, directions, batch, unit]
    for position in outputs.indices { map.outputs[position] = position == 0 ? sequence : state }
    return map
  }

  /// The extent of hidden units in a map made by `recurrent`.
  var hiddenUnits: Int? { inputs.count > 2 ? inputs[2].flatMap { extent(of: $0[2]).known } : nil }
}

extension LSTM: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let extents = try? LSTMExtents(inputs, self) else { return nil }
    return .recurrent(gates: 4, isBatchFirst: isBatchFirst, hidden: extents.hidden, inputs, outputs)
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    var op = self
    if hiddenSize != nil { op.hiddenSize = map.hiddenUnits }
    return (op, inputs)
  }
}

extension GRU: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let extents = try? RecurrentExtents(inputs, settings, gates: Self.gates, name) else { return nil }
    return .recurrent(gates: 3, isBatchFirst: settings.isBatchFirst, hidden: extents.hidden, inputs, outputs)
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    var op = self
    if settings.hiddenSize != nil { op.settings.hiddenSize = map.hiddenUnits }
    return (op, inputs)
  }
}

extension RNN: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let extents = try? RecurrentExtents(inputs, settings, gates: Self.gates, name) else { return nil }
    return .recurrent(gates: 1, isBatchFirst: settings.isBatchFirst, hidden: extents.hidden, inputs, outputs)
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    var op = self
    if settings.hiddenSize != nil { op.settings.hiddenSize = map.hiddenUnits }
    return (op, inputs)
  }
}

extension PackedLSTM: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let extents = try? LSTMExtents(inputs, LSTM(direction: direction, isBatchFirst: true)) else { return nil }
    return .packedRecurrent(gates: 4, hidden: extents.hidden, inputs, outputs)
  }
}

extension PackedGRU: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    let settings = RecurrentSettings(direction: direction, isBatchFirst: true)
    guard let extents = try? RecurrentExtents(inputs, settings, gates: GRU.gates, name) else { return nil }
    return .packedRecurrent(gates: GRU.gates, hidden: extents.hidden, inputs, outputs)
  }
}

extension AxisMap {
  /// The axes of LSTM or GRU, but for directions that lie beside each other in the results.
  fileprivate static func packedRecurrent(
    gates: Int, hidden: Dimension, _ inputs: [Operand?], _ outputs: [TensorType]
  ) -> AxisMap? {
    guard var map = recurrent(gates: gates, isBatchFirst: true, hidden: hidden, inputs, outputs),
      let (direction, unit) = map.inputs[2].map({ ($0[0], $0[2]) }), let x = map.inputs[0]
    else { return nil }
    let width = [direction[0] + unit[0]]
    for position in outputs.indices { map.outputs[position] = position == 0 ? [x[0], x[1], width] : [x[0], width] }
    return map
  }
}
