import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// QDQ: convolutions in float of what DequantizeLinear makes.
enum ConvolutionRules {
  static var all: [RewriteRule] { [convolution, fused, transposed] }

  private static var convolution: RewriteRule {
    let pattern = Pattern.either([
      .op(Conv.self, Dequantized.pattern("x"), "w", .optional("b")),
      .op(Conv.self, "x", Dequantized.pattern("w"), .optional("b")),
    ])
    return QuantizedLayer.rule("convolution", pattern) { (node, graph) throws(Refusal) in
      guard let op = node.op as? Conv else { throw Refusal("it is no Conv") }
      var layer = try QuantizedLayer(node.inputs[0], node.inputs[1], layout: .filters, graph)
      layer.op = QuantizedConvolution(Convolution(op))
      try layer.take(bias: node.inputs.count > 2 ? node.inputs[2] : nil, graph)
      return layer
    }
  }

  /// As ONNX Runtime's optimizer leaves a convolution with what follows it.
  private static var fused: RewriteRule {
    let (bias, addend) = (Pattern.optional("b"), Pattern.optional("z"))
    let pattern = Pattern.either([
      .op(FusedConv.self, Dequantized.pattern("x"), "w", bias, addend),
      .op(FusedConv.self, "x", Dequantized.pattern("w"), bias, addend),
    ])
    return QuantizedLayer.rule("fused convolution", pattern) { (node, graph) throws(Refusal) in
      guard let op = node.op as? FusedConv else { throw Refusal("it is no FusedConv") }
      let operands = node.inputs + [nil, nil]
      var layer = try QuantizedLayer(operands[0], operands[1], layout: .filters, graph)
      layer.op = QuantizedConvolution(Convolution(op.convolution, activation: try activation(op)))
      try layer.take(bias: operands[2], graph)
      layer.residual = operands[3]
      return layer
    }
  }

  private static func activation(_ op: FusedConv) throws(Refusal) -> LinearActivation {
    switch (op.activation, op.parameters) {
    case (nil, _): return .none
    case ("Relu", _): return .relu
    case ("Sigmoid", _): return .sigmoid
    case ("Tanh", _): return .tanh
    case ("Clip", [0, 6]): return .relu6
    default: throw Refusal("QuantizedConvolution has no activation \(op.activation ?? "") of \(op.parameters)")
    }
  }

  private static var transposed: RewriteRule {
    let pattern = Pattern.op(ConvTranspose.self, Dequantized.pattern("x"), "w", .optional("b"))
    return QuantizedLayer.rule("transposed convolution", pattern) { (_, _) throws(Refusal) in
      throw Refusal("Lathe has no ConvTranspose of INT8 values: it is computed in float")
    }
  }
}
