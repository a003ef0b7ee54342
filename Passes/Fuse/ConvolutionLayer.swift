import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes convolutions with constant weights into Convolution, and takes the residual and the activation that follow into it.
///
/// ```
/// %a = Conv(%x, @w, @b)           →    %y = lathe::Convolution(%x, @w, @b, %r) {activation = "relu"}
/// %s = Add(%a, %r)
/// %y = Relu(%s)
/// ```
/// `simplify/fold-batch-normalization` comes before, so that a normalization does not stand between.
public struct ConvolutionLayer: RewritePass {
  public static let id: PassID = "fuse/convolution-layer"
  public static let summary = "convolutions with weights, residual and activation become Convolution"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public var rules: [RewriteRule] {
    [
      Self.convolution, Self.residual, Self.activation(Relu.self), Self.activation(HardSwish.self), Self.activation(Swish.self),
      Self.activation(Sigmoid.self), Self.activation(Tanh.self), Self.activation(Gelu.self), Self.relu6,
    ]
  }

  private static var convolution: RewriteRule {
    let pattern = Pattern.op(Conv.self, "x", .constant("w"), .optional(.constant("b")), as: "conv")
    return RewriteRule("convolution", pattern: pattern) { (match, site, graph) throws(Diagnostic) in
      guard let conv = graph[try match.node("conv")].op as? Conv else { return [] }
      return [try site.add(Convolution(conv), try operands(match), to: &graph)]
    }
  }

  private static var residual: RewriteRule {
    RewriteRule("residual", pattern: .op(Add.self, plain(), "r")) { (match, graph) throws(Diagnostic) in
      let own = graph[try match.node("layer")].outputs.first ?? nil
      guard let shape = graph.shape(own), let other = graph.shape(try match.value("r")) else {
        return "the shapes of the two terms are not known"
      }
      return shape.isProvablyEqual(to: other) ? nil : "the other term is \(other), which is not provably \(shape)"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      [try site.add(graph[try match.node("layer")].op, try operands(match, residual: "r"), to: &graph)]
    }
  }

  private static func activation<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    let pattern = Pattern.op(type, inactive, as: "activation")
    return RewriteRule("activation \(type.schema.name)", pattern: pattern) { (match, graph) throws(Diagnostic) in
      LinearActivation(graph[try match.node("activation")].op) == nil ? "Convolution has no such activation" : nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      try activated(match, by: LinearActivation(graph[try match.node("activation")].op) ?? .none, site, &graph)
    }
  }

  private static var relu6: RewriteRule {
    RewriteRule("activation Clip to 6", pattern: .op(Clip.self, inactive, 0, 6)) { (match, site, graph) throws(Diagnostic) in
      try activated(match, by: .relu6, site, &graph)
    }
  }

  private static func activated(
    _ match: Match, by activation: LinearActivation, _ site: RewriteSite, _ graph: inout Graph
  ) throws(Diagnostic) -> [ValueID?] {
    guard let layer = graph[try match.node("layer")].op as? Convolution else { return [] }
    let op = Convolution(layer.convolution, activation: activation)
    return [try site.add(op, try operands(match, residual: "r"), to: &graph)]
  }

  /// Convolution without residual and activation.
  private static func plain() -> Pattern {
    layer(["x", "w", .optional("b")])
  }

  /// Convolution without activation.
  private static var inactive: Pattern { layer(["x", "w", .optional("b"), .optional("r")]) }

  private static func layer(_ operands: [Pattern]) -> Pattern {
    .node(
      NodePattern(Convolution.self, operands, name: "layer") { $0.activation == .none ? nil : "it has an activation" })
  }

  private static func operands(_ match: Match, residual: String? = nil) throws(Diagnostic) -> [ValueID?] {
    [try match.value("x"), try match.value("w"), match.optionalValue("b"), residual.flatMap(match.optionalValue)]
  }
}
