import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// Convolutions of what DequantizeLinear makes, and quantized ones: they stay as they are.
enum ConvolutionRules {
  static var all: [RewriteRule] { [convolution, sums] }

  private static var sums: RewriteRule {
    let pattern = Pattern.either([
      .op(ConvInteger.self, "x", "w", .optional("xz"), .optional("wz")),
      .op(QLinearConv.self, "x", "s", "xz", "w", "ws", "wz", "ys", "yz", .optional("b")),
    ])
    return QuantizedLayer.rule("quantized convolution", pattern) { (_, _) throws(Refusal) in
      throw Refusal("quantized convolutions are not folded into QuantizedConvolution: it is computed as it came")
    }
  }

  private static var convolution: RewriteRule {
    let dequantized = Dequantized.pattern("x")
    let pattern = Pattern.either([
      .op(Conv.self, dequantized, "w", .optional("b")), .op(ConvTranspose.self, dequantized, "w", .optional("b")),
    ])
    return QuantizedLayer.rule("convolution", pattern) { (_, _) throws(Refusal) in
      throw Refusal("quantized convolutions are not folded into QuantizedConvolution: it is computed in float")
    }
  }
}
