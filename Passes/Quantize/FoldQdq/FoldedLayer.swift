import LatheIR
import LatheOperators
import LatheTensors

/// A layer on INT8 values that takes in what follows it; its operands are where `QuantizedLayer.Operand` says.
protocol FoldedLayer: Operator {
  var activation: LinearActivation { get set }
  /// Whether the residual is added before the activation.
  static var addsResidualFirst: Bool { get }
  /// One number for each output of weights, of a constant that is added to the result, as a vector; nil where it is anything else.
  static func vector(_ constant: ValueID?, weights: Tensor, _ graph: Graph) -> Tensor?
}

extension QuantizedLinear: FoldedLayer {
  static var addsResidualFirst: Bool { false }

  static func vector(_ constant: ValueID?, weights: Tensor, _ graph: Graph) -> Tensor? {
    guard graph.shape(constant)?.count == 1, let columns = weights.shape.last else { return nil }
    return graph.vector(constant, columns: columns)
  }
}

extension QuantizedConvolution: FoldedLayer {
  static var addsResidualFirst: Bool { true }

  var activation: LinearActivation {
    get { convolution.activation }
    set { convolution.activation = newValue }
  }

  static func vector(_ constant: ValueID?, weights: Tensor, _ graph: Graph) -> Tensor? {
    guard let tensor = graph.constant(constant), tensor.dtype == .float32,
      tensor.isPerChannel(weights.shape[0], rank: weights.rank)
    else {
      return nil
    }
    return try? tensor.reshaped(to: [weights.shape[0]])
  }
}
