import LatheDiagnostics
import LatheIR
import LatheTensors

/// A recurrent layer with the batch first and the directions side by side, which begins with states of zero.
///
/// X is [batch, steps, inputs]; W, R, B and the lengths are those of ONNX's operator for the layer. Y is [batch, steps, directions · hidden],
/// the final states are [batch, directions · hidden].
protocol PackedRecurrentLayer: DefinedByDecomposition {
  /// Which passes over the sequence are made.
  var direction: LSTM.Direction { get }
  /// ONNX's operator for the layer.
  func standard(hiddenSize: Int?, isBatchFirst: Bool) -> any Operator
}

extension PackedRecurrentLayer {
  static var operands: [OperatorSchema.Operand] {
    [
      .init("X", "T", .floats), .init("W", "T", .floats), .init("R", "T", .floats), .init("B", "T", .floats, .optional),
      .init("lengths", "T1", [.int32], .optional),
    ]
  }

  static func results(_ names: String...) -> [OperatorSchema.Operand] { names.map { .init($0, "T", .floats, .optional) } }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    // The last axes of ONNX's results, directions and units, become one.
    try standard(hiddenSize: nil, isBatchFirst: true).infer(inputs).map { type in
      guard let tensor = type.tensor, let shape = tensor.shape, shape.count > 1 else { return type }
      return .tensor(TensorType(tensor.dtype, shape.dropLast(2) + [shape[shape.count - 1] * shape[shape.count - 2]]))
    }
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    var operands = inputs
    operands[0] = try builder.add(Transpose(permutation: [1, 0, 2]), [inputs[0]])
    let hidden = inputs[2].flatMap { builder.graph[$0].type?.tensor?.shape?.last?.known }
    // Other runtimes want the extent said twice.
    let op = standard(hiddenSize: hidden, isBatchFirst: false)
    let outputs = try builder.add(op, operands, outputCount: Self.schema.outputs.count)
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
