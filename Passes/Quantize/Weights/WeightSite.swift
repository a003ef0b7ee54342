import LatheIR
import LatheOperators

/// An operand of a node that is weights.
struct WeightSite {
  let position: Int
  /// The axis that is summed over.
  let inputs: Int
  /// The axis of outputs, where all else is summed over.
  var outputs: Int?
  /// Why these stay as they are, if they do.
  var refusal: String?

  static func sites(of node: Node) -> [WeightSite] {
    switch node.op {
    case is Linear, is MatMul: [WeightSite(position: 1, inputs: 0, outputs: 1)]
    case let op as Gemm: [WeightSite(position: 1, inputs: op.transposesB ? 1 : 0, outputs: op.transposesB ? 0 : 1)]
    case is PackedLSTM, is PackedGRU, is LSTM, is GRU, is RNN: [WeightSite(position: 1, inputs: 2), WeightSite(position: 2, inputs: 2)]
    case is Convolution, is Conv: [WeightSite(position: 1, inputs: 1, outputs: 0)]
    case is Gather: [WeightSite(position: 0, inputs: 0, refusal: "its rows are looked up one by one")]
    default: []
    }
  }
}
