import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// QDQ: convolutions in float of what DequantizeLinear makes.
enum ConvolutionRules {
  static var all: [RewriteRule] { [convolution, transposed] }

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

  private static var transposed: RewriteRule {
    let pattern = Pattern.op(ConvTranspose.self, Dequantized.pattern("x"), "w", .optional("b"))
    return QuantizedLayer.rule("transposed convolution", pattern) { (_, _) throws(Refusal) in
      throw Refusal("Lathe has no ConvTranspose of INT8 values: it is computed in float")
    }
  }
}
