import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// QDQ: products in float of what DequantizeLinear makes.
enum ProductRules {
  static var all: [RewriteRule] { [product, gemm, linear] }

  private static var product: RewriteRule {
    let pattern = Pattern.either([
      .op(MatMul.self, Dequantized.pattern("x"), "w"), .op(MatMul.self, "x", Dequantized.pattern("w")),
      .op(MatMul.self, "x", .op(Transpose.self, Dequantized.pattern("w"))),
    ])
    return QuantizedLayer.rule("product", pattern) { (node, graph) throws(Refusal) in
      try QuantizedLayer(node.inputs[0], node.inputs[1], graph)
    }
  }

  private static var gemm: RewriteRule {
    let pattern = Pattern.either([
      .op(Gemm.self, Dequantized.pattern("x"), "w", .optional("b")),
      .op(Gemm.self, "x", Dequantized.pattern("w"), .optional("b")),
    ])
    return QuantizedLayer.rule("gemm", pattern) { (node, graph) throws(Refusal) in
      guard let op = node.op as? Gemm else { throw Refusal("it is no Gemm") }
      let bias = node.inputs.count > 2 ? node.inputs[2] : nil
      guard op.alpha == 1, op.beta == 1 || bias == nil, !op.transposesA else {
        throw Refusal("it scales, or transposes its input")
      }
      var layer = try QuantizedLayer(node.inputs[0], node.inputs[1], layout: op.transposesB ? .rows : .columns, graph)
      try layer.take(bias: bias, graph)
      return layer
    }
  }

  private static var linear: RewriteRule {
    let (bias, residual) = (Pattern.optional("b"), Pattern.optional("r"))
    let pattern = Pattern.either([
      .op(Linear.self, Dequantized.pattern("x"), "w", bias, residual),
      .op(Linear.self, "x", Dequantized.pattern("w"), bias, residual),
    ])
    return QuantizedLayer.rule("linear", pattern) { (node, graph) throws(Refusal) in
      guard let op = node.op as? Linear else { throw Refusal("it is no Linear") }
      let operands = node.inputs + [nil, nil]
      var layer = try QuantizedLayer(operands[0], operands[1], graph)
      try layer.take(bias: operands[2], graph)
      (layer.op, layer.residual) = (QuantizedLinear(activation: op.activation), operands[3])
      return layer
    }
  }
}
