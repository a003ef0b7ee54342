import LathePassKit

/// Puts the products and convolutions of models that came quantized on INT8 values: weights keep their codes, and activations theirs.
///
/// ```
/// %a = DequantizeLinear(%q, @xs, @xz)        →    _, %y = lathe::QuantizedLinear(%q, @xs, @w, @ws, @b, _, _, @ys, @xz, @yz)
/// %b = DequantizeLinear(@w, @ws)
/// %c = MatMul(%a, %b)
/// %d = Add(%c, @b)
/// %y = QuantizeLinear(%d, @ys, @yz)
/// ```
/// Scales and zero points are those of the model, of one number for activations and of one for each tensor or output for weights. Known forms: QDQ, with
/// MatMul, Gemm, Linear, and Conv and FusedConv of one or two axes; the operators QLinearMatMul, QGemm, QLinearConv and MatMulIntegerToFloat; and dynamic
/// ones, DynamicQuantizeMatMul and DynamicQuantizeLinear with MatMulInteger or ConvInteger. Convolutions become QuantizedConvolution. Bias, activation, residual and the quantization of the result go along. Sums are exact where the model adds up floats, and a value
/// at a tie may fall to the neighbouring code. A QuantizeLinear that undoes a DequantizeLinear goes, and look-ups read the codes of their tables.
public struct FoldQdq: RewritePass {
  public static let id: PassID = "quantize/fold-qdq"
  public static let summary = "products and convolutions of models that came quantized run on their INT8 values"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .approximate(metric: .cosine, bound: 0.999) }

  public var rules: [RewriteRule] {
    CodeRules.all + ProductRules.all + IntegerRules.all + OperatorRules.all + ResultRules.all + ConvolutionRules.all
  }
}
