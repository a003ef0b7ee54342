import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// Recognizes Gelu, by erf and by tanh, Swish and its hard form in the forms that exporters write them in, by their constants.
///
/// ```
/// %a = Div(%x, 1.41421356)     →    %y = Gelu(%x)
/// %b = Erf(%a)
/// %c = Add(%b, 1)
/// %d = Mul(%x, %c)
/// %y = Mul(%d, 0.5)
/// ```
/// Gelu: Hendrycks and Gimpel 2016. Swish: Ramachandran et al. 2017.
public struct Activation: RewritePass {
  public static let id: PassID = "fuse/activation"
  public static let summary = "recognizes Gelu, Swish and HardSwish in their expanded forms"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public var rules: [RewriteRule] {
    [
      Self.rule("gelu by erf", Self.halved(Self.erf), Gelu()),
      Self.rule("gelu by tanh", Self.halved(Self.tanh), Gelu(approximation: .tanh)),
      Self.rule("swish", .op(Mul.self, "x", .op(Sigmoid.self, "x")), Swish()),
      Self.rule("hard swish", .op(Mul.self, "x", Self.hardSigmoid), HardSwish()),
      Self.rule(
        "swish with a factor", .op(Mul.self, "x", .op(Sigmoid.self, .op(Mul.self, "x", 1.702))), Swish(alpha: 1.702)),
    ]
  }

  private static func rule(_ name: String, _ pattern: Pattern, _ op: any Operator) -> RewriteRule {
    RewriteRule(name, pattern: pattern) { (match, site, graph) throws(Diagnostic) in
      [try site.add(op, [try match.value("x")], to: &graph)]
    }
  }

  /// max(0, min(1, x / 6 + 1/2)).
  private static var hardSigmoid: Pattern {
    .op(HardSigmoid.self, "x") { $0.alpha == 1 / 6 && $0.beta == 0.5 ? nil : "its slope is \($0.alpha), not 1/6" }
  }

  /// erf(x / √2).
  private static var erf: Pattern {
    .op(
      Erf.self, .either([.op(Div.self, "x", .number(2.0.squareRoot())), .op(Mul.self, "x", .number(0.5.squareRoot()))]))
  }

  /// tanh(√(2/π) · (x + 0.044715 · x³)).
  private static var tanh: Pattern {
    let square = Pattern.either([.op(Mul.self, "x", "x"), .op(Pow.self, "x", 2)])
    let cube = Pattern.either([.op(Pow.self, "x", 3), .op(Mul.self, "x", square)])
    let sum = Pattern.either([
      .op(Add.self, "x", .op(Mul.self, cube, 0.044715)),
      .op(Mul.self, "x", .op(Add.self, .op(Mul.self, square, 0.044715), 1)),
      .op(Add.self, "x", .op(Mul.self, .op(Mul.self, .op(Mul.self, "x", 0.044715), "x"), "x")),
    ])
    let factor = Pattern.number((2 / Double.pi).squareRoot())
    let scaledFirst = Pattern.op(
      Mul.self, .op(Mul.self, "x", factor), .op(Add.self, .op(Mul.self, square, 0.044715), 1))
    return .op(Tanh.self, .either([.op(Mul.self, sum, factor), scaledFirst]))
  }

  /// x · (1 + share) / 2, halved in any of the places where exporters do.
  private static func halved(_ share: Pattern) -> Pattern {
    let sum = Pattern.op(Add.self, share, 1)
    let halves = { (part: Pattern) -> Pattern in .either([.op(Mul.self, part, 0.5), .op(Div.self, part, 2)]) }
    return .either([
      halves(.op(Mul.self, "x", sum)), .op(Mul.self, halves("x"), sum), .op(Mul.self, "x", halves(sum)),
    ])
  }
}
