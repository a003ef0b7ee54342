import LatheDiagnostics
import LatheIR
import LatheTensors

/// A layer of long short-term memory with the batch first and the directions side by side, which begins with states of zero.
///
/// X is [batch, steps, inputs]; W, R, B and the lengths are those of LSTM, with gates in the order input, output, forget, cell. Y is
/// [batch, steps, directions · hidden], the final states are [batch, directions · hidden]. The functions are Sigmoid, Tanh and Tanh.
public struct PackedLSTM: DefinedByDecomposition {
  public static let schema = OperatorSchema(
    "PackedLSTM", domain: "lathe", since: 1,
    inputs: [
      .init("X", "T", .floats), .init("W", "T", .floats), .init("R", "T", .floats), .init("B", "T", .floats, .optional),
      .init("lengths", "T1", [.int32], .optional),
    ],
    outputs: [
      .init("Y", "T", .floats, .optional), .init("Y_h", "T", .floats, .optional), .init("Y_c", "T", .floats, .optional),
    ],
    attributes: ["direction": .string])

  /// Which passes over the sequence are made.
  public var direction: LSTM.Direction

  public init(direction: LSTM.Direction = .forward) { self.direction = direction }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    direction = try attributes.choice("direction", default: .forward)
  }

  public func encode(into attributes: inout Attributes) {
    if direction != .forward { attributes.set("direction", direction.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let extents = try LSTMExtents(inputs, LSTM(direction: direction, isBatchFirst: true))
    let width = extents.hidden * .known(direction.count)
    let state = ValueType.tensor(TensorType(x.dtype, [extents.batch, width]))
    return [.tensor(TensorType(x.dtype, [extents.batch, extents.steps, width])), state, state]
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    var operands = inputs
    operands[0] = try builder.add(Transpose(permutation: [1, 0, 2]), [inputs[0]])
    let hidden = inputs[2].flatMap { builder.graph[$0].type?.tensor?.shape?.last?.known }
    // Other runtimes want the extent said twice.
    let outputs = try builder.add(LSTM(direction: direction, hiddenSize: hidden), operands, outputCount: 3)
    let all = try builder.add(Transpose(permutation: [2, 0, 1, 3]), [outputs[0]])
    let width = hidden.map { $0 * direction.count } ?? -1
    var results = [try builder.reshaped(all, to: [0, 0, width])]
    for state in outputs.dropFirst() {
      let rows = try builder.add(Transpose(permutation: [1, 0, 2]), [state])
      results.append(try builder.reshaped(rows, to: [0, width]))
    }
    return results
  }
}
