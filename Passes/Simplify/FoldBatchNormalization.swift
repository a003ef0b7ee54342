import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Scales the weights of a linear operator so that the normalization, factor or addend behind it has nothing left to do.
///
/// ```
/// %a = Conv(%x, @w, @b)                        →    %y = Conv(%x, @w_scaled, @b_shifted)
/// %y = BatchNormalization(%a, @s, @β, @μ, @σ²)
/// ```
/// Each output channel c of Conv, ConvTranspose, Gemm or MatMul (with its Add) is multiplied by s/√(σ² + ε) and shifted by β − μ·s/√(σ² + ε);
/// a Mul or Add of one constant for each channel behind a Conv goes the same way. A MatMul becomes a Gemm. The new weights are computed in
/// double precision and rounded once.
///
/// Left alone: statistics of training, weights that others read as well, 16-bit floats, whose rounding would cost more than is
/// promised, and factors that are not finite.
public struct FoldBatchNormalization: RewritePass {
  public static let id: PassID = "simplify/fold-batch-normalization"
  public static let summary = "folds BatchNormalization, and factors per channel, into the weights before it"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public var rules: [RewriteRule] {
    [
      rule("Conv, BatchNormalization", normalized(.op(Conv.self, "x", .constant("w"), .optional(.constant("b")), as: "linear"))),
      rule(
        "ConvTranspose, BatchNormalization",
        normalized(.op(ConvTranspose.self, "x", .constant("w"), .optional(.constant("b")), as: "linear"))),
      rule("Gemm, BatchNormalization", normalized(.op(Gemm.self, "x", .constant("w"), .optional(.constant("b")), as: "linear"))),
      rule(
        "MatMul, Add, BatchNormalization",
        normalized(.op(Add.self, .op(MatMul.self, "x", .constant("w"), as: "linear"), .constant("b")))),
      rule("MatMul, BatchNormalization", normalized(.op(MatMul.self, "x", .constant("w"), as: "linear"))),
      rule("Conv, Mul", .op(Mul.self, convolution, .constant("factor"), as: "after")),
      rule("Conv, Add", .op(Add.self, convolution, .constant("addend"), as: "after")),
    ]
  }

  private var convolution: Pattern { .op(Conv.self, "x", .constant("w"), .optional(.constant("b")), as: "linear") }

  private func normalized(_ linear: Pattern) -> Pattern {
    .op(
      BatchNormalization.self, linear, .constant("scale"), .constant("shift"), .constant("mean"), .constant("variance"), as: "after",
      where: { $0.isTraining ? "it takes the batch's own statistics" : nil })
  }

  private func rule(_ name: String, _ pattern: Pattern) -> RewriteRule {
    RewriteRule(
      name, pattern: pattern,
      check: { (match, graph) throws(Diagnostic) -> String? in
        switch try ChannelFold.make(match, graph) {
        case .success: return nil
        case .failure(let obstacle): return obstacle.reason
        }
      },
      rewrite: { (match, site, graph) throws(Diagnostic) -> [ValueID?] in
        guard case .success(let fold) = try ChannelFold.make(match, graph) else { return [] }
        let weight = graph[try match.value("w")]
        let name = graph[try match.node("after")].outputs[0].map { graph[$0].name } ?? weight.name
        let w = try site.constant("\(name).weight", fold.weight, in: &graph)
        let b = try site.constant("\(name).bias", fold.bias, in: &graph)
        return [try site.add(fold.op, [try match.value("x"), w, b], to: &graph)]
      })
  }
}
