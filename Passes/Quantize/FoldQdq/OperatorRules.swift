import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Operators of quantized products, as the QOperator format has them.
enum OperatorRules {
  static var all: [RewriteRule] { [product, gemm, convolution, channelsLast, attention] }

  private static var product: RewriteRule {
    let pattern = Pattern.op(QLinearMatMul.self, "x", "s", "xz", "w", "ws", "wz", "ys", "yz")
    return QuantizedLayer.rule("quantized product", pattern) { (node, graph) throws(Refusal) in
      let weights = try QuantizedWeights(node.inputs[3], scale: node.inputs[4], zeroPoint: node.inputs[5], graph)
      var layer = try QuantizedLayer(node.inputs[0], scale: node.inputs[1], zeroPoint: node.inputs[2], weights, graph)
      let result = try result(node, scale: 6, graph)
      (layer.result, layer.factors) = (result, factors(layer, result, graph))
      return layer
    }
  }

  private static var gemm: RewriteRule {
    let pattern = Pattern.op(
      QGemm.self, "x", "s", "xz", "w", "ws", "wz", .optional("c"), .optional("ys"), .optional("yz"))
    return QuantizedLayer.rule("quantized gemm", pattern) { (node, graph) throws(Refusal) in
      guard let op = node.op as? QGemm, op.alpha == 1, !op.transposesA else {
        throw Refusal("it scales, or transposes its input")
      }
      let weights = try QuantizedWeights(
        node.inputs[3], scale: node.inputs[4], zeroPoint: node.inputs[5], layout: op.transposesB ? .rows : .columns,
        graph)
      var layer = try QuantizedLayer(node.inputs[0], scale: node.inputs[1], zeroPoint: node.inputs[2], weights, graph)
      if node.inputs.count > 7, node.inputs[7] != nil {
        let result = try result(node, scale: 7, graph)
        (layer.result, layer.factors) = (result, factors(layer, result, graph))
      }
      if node.inputs.count > 6, let sums = node.inputs[6] { layer.bias = (sums, try bias(sums, layer, graph)) }
      return layer
    }
  }

  private static var convolution: RewriteRule {
    let pattern = Pattern.op(QLinearConv.self, "x", "s", "xz", "w", "ws", "wz", "ys", "yz", .optional("b"))
    return QuantizedLayer.rule("quantized convolution", pattern) { (node, graph) throws(Refusal) in
      guard let op = node.op as? QLinearConv else { throw Refusal("it is no QLinearConv") }
      let weights = try QuantizedWeights(
        node.inputs[3], scale: node.inputs[4], zeroPoint: node.inputs[5], axis: 0, layout: .filters, graph)
      var layer = try QuantizedLayer(node.inputs[0], scale: node.inputs[1], zeroPoint: node.inputs[2], weights, graph)
      layer.op = QuantizedConvolution(Convolution(Conv(window: op.window, groups: op.groups)))
      let result = try result(node, scale: 6, graph)
      (layer.result, layer.factors) = (result, factors(layer, result, graph))
      if node.inputs.count > 8, let sums = node.inputs[8] { layer.bias = (sums, try bias(sums, layer, graph)) }
      return layer
    }
  }

  private static var channelsLast: RewriteRule {
    let operands: [Pattern] = ["x", "s", "xz", "w", "ws", "wz", "ys", "yz", .optional("b")]
    return QuantizedLayer.rule("ONNX Runtime's convolution", .node(NodePattern(MicrosoftQLinearConv.self, operands))) {
      (_, _) throws(Refusal) in
      throw Refusal("channels come last where ONNX Runtime has laid convolutions out for a processor")
    }
  }

  /// The factors by which these operators multiply sums, rounded as they round them; nil where a scale is not constant.
  private static func factors(_ layer: QuantizedLayer, _ result: QuantizedResult, _ graph: Graph) -> Tensor? {
    guard let own = graph.constant(layer.scale)?.elements(as: Float.self)?.first,
      let scale = graph.constant(result.scale)?.elements(as: Float.self)?.first,
      let scales = layer.weights.scales.elements(as: Float.self)
    else { return nil }
    return try? Tensor(scales.map { own * $0 / scale }, shape: [scales.count])
  }

  /// What is added to the sums, as floats.
  private static func bias(_ sums: ValueID, _ layer: QuantizedLayer, _ graph: Graph) throws(Refusal) -> Tensor {
    let columns = layer.weights.outputs
    guard let tensor = graph.constant(sums), let values = tensor.integers(),
      values.count == 1 || values.count == columns && tensor.shape.last == columns,
      let scale = graph.constant(layer.scale)?.elements(as: Float.self)?.first,
      let scales = layer.weights.scales.elements(as: Float.self),
      let bias = try? Tensor(
        (layer.factors?.elements(as: Float.self) ?? scales.map { scale * $0 }).enumerated().map {
          Float(values[values.count == 1 ? 0 : $0]) * $1
        },
        shape: [columns])
    else { throw Refusal("%\(graph[sums].name) is not one constant for each output") }
    return bias
  }

  private static func result(_ node: Node, scale: Int, _ graph: Graph) throws(Refusal) -> QuantizedResult {
    let zero = scale + 1 < node.inputs.count ? node.inputs[scale + 1] : nil
    let dtype = zero.flatMap { graph[$0].type?.tensor?.dtype }
    return try QuantizedResult(scale: node.inputs[scale], zeroPoint: zero, dtype: dtype, graph)
  }

  private static var attention: RewriteRule {
    let operands: [Pattern] = [
      "x", "w", "b", "s", "ws", .optional("mask"), .optional("xz"), .optional("wz"), .optional("past"),
    ]
    return QuantizedLayer.rule("attention", .node(NodePattern(QAttention.self, operands))) { (_, _) throws(Refusal) in
      throw Refusal("ONNX Runtime's attention keeps its projection inside")
    }
  }
}
