import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes products with constant weights into Linear, and takes the bias, the activation and the residual that follow into it.
///
/// ```
/// %a = MatMul(%x, @w)                →    %y = lathe::Linear(%x, @w, @b, %r) {activation = "gelu"}
/// %b = Add(%a, @b)
/// %c = Gelu(%b)
/// %y = Add(%c, %r)
/// ```
public struct LinearLayer: RewritePass {
  public static let id: PassID = "fuse/linear-layer"
  public static let summary = "products with weights, bias, activation and residual become Linear"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public var rules: [RewriteRule] {
    [Self.product, Self.gemm, Self.bias] + Self.activations + [Self.residual, Self.rows]
  }

  private static var product: RewriteRule {
    RewriteRule("product", pattern: .op(MatMul.self, "x", .constant("w"))) { (match, graph) throws(Diagnostic) in
      let w = try match.value("w")
      guard let rank = graph.constant(w)?.rank, rank == 2 else { return "the weights @\(graph[w].name) are no matrix" }
      guard let type = graph[w].type?.tensor, DTypeDomain.floats.contains(type.dtype) else {
        return "the weights are no floats"
      }
      return nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      [try site.add(Linear(), [try match.value("x"), try match.value("w")], to: &graph)]
    }
  }

  private static var gemm: RewriteRule {
    let pattern = Pattern.op(Gemm.self, "x", .constant("w"), .optional(.constant("b")), as: "gemm")
    return RewriteRule("gemm", pattern: pattern) { (match, graph) throws(Diagnostic) in
      guard let op = graph[try match.node("gemm")].op as? Gemm else { return nil }
      let (w, b) = (graph.constant(try match.value("w")), graph.constant(match.optionalValue("b")))
      guard let w, DTypeDomain.floats.contains(w.dtype) else { return "the weights are no floats" }
      guard op.alpha == 1, op.beta == 1 || b == nil, !op.transposesA else { return "it scales, or transposes its input" }
      guard let b else { return nil }
      let columns = op.transposesB ? w.shape[0] : w.shape[1]
      return b.shape == [columns] || b.shape == [1, columns] ? nil : "its last operand is not one number for each column"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let op = graph[try match.node("gemm")].op as? Gemm else { return [] }
      var w = try match.value("w")
      if op.transposesB, let tensor = graph.constant(w) {
        let transposed = try Transpose().evaluate([tensor])[0]
        w = try site.constant("\(graph[w].name).transposed", transposed, in: &graph)
      }
      var inputs: [ValueID?] = [try match.value("x"), w]
      if let b = match.optionalValue("b"), let tensor = graph.constant(b) {
        let vector = tensor.rank == 1 ? b : try site.constant(
          "\(graph[b].name).vector", try tensor.reshaped(to: [tensor.elementCount]), in: &graph)
        inputs.append(vector)
      }
      return [try site.add(Linear(), inputs, to: &graph)]
    }
  }

  /// Linear that has only its first operands, so that more can be taken in.
  private static func plain(_ operands: Pattern...) -> Pattern {
    let all: [Pattern] = ["x", "w"] + operands
    return .node(NodePattern(Linear.self, all, name: "linear") { $0.activation == .none ? nil : "it has an activation" })
  }

  private static var bias: RewriteRule {
    RewriteRule("bias", pattern: .op(Add.self, plain(), .constant("b"))) { (match, graph) throws(Diagnostic) in
      let (w, b) = (graph.constant(try match.value("w")), graph.constant(try match.value("b")))
      guard let columns = w?.shape.last, b?.shape == [columns] else {
        return "the term is not one number for each column of the weights"
      }
      return nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      [try site.add(Linear(), try operands(match, ["x", "w", "b"]), to: &graph)]
    }
  }

  private static var activations: [RewriteRule] {
    [
      activation(Relu.self), activation(Gelu.self), activation(Tanh.self), activation(Sigmoid.self),
      activation(Swish.self),
    ]
  }

  private static func activation<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    let pattern = Pattern.op(type, plain(.optional("b")), as: "activation")
    return RewriteRule("activation \(type.schema.name)", pattern: pattern) { (match, graph) throws(Diagnostic) in
      LinearActivation(graph[try match.node("activation")].op) == nil ? "Linear has no such activation" : nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let activation = LinearActivation(graph[try match.node("activation")].op) ?? .none
      return [try site.add(Linear(activation: activation), try operands(match, ["x", "w", "b"]), to: &graph)]
    }
  }

  private static var residual: RewriteRule {
    let linear = Pattern.op(Linear.self, "x", "w", .optional("b"), as: "linear")
    return RewriteRule("residual", pattern: .op(Add.self, linear, "r")) { (match, graph) throws(Diagnostic) in
      let own = graph[try match.node("linear")].outputs.first ?? nil
      guard let shape = graph.shape(own), let other = graph.shape(try match.value("r")) else {
        return "the shapes of the two terms are not known"
      }
      return shape.isProvablyEqual(to: other) ? nil : "the other term is \(other), which is not provably \(shape)"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let op = graph[try match.node("linear")].op
      return [try site.add(op, try operands(match, ["x", "w", "b", "r"]), to: &graph)]
    }
  }

  /// Rows that are laid flat before and set up again behind, as Gemm wants them: Linear takes any axes before the last.
  private static var rows: RewriteRule {
    let flat = Pattern.op(Reshape.self, "x", "flat")
    let linear = Pattern.op(Linear.self, flat, "w", .optional("b"), as: "linear")
    return RewriteRule("rows", pattern: .op(Reshape.self, linear, "shape", as: "reshape")) { (match, graph) throws(Diagnostic) in
      guard let before = graph.shape(try match.value("x")), let after = graph.shape(graph.result(try match.node("reshape"))),
        let columns = graph.shape(try match.value("w"))?.last, let inputs = graph.shape(try match.value("w"))?.first
      else { return "the shapes before and behind are not known" }
      guard before.last?.isProvablyEqual(to: inputs) == true else { return "the rows are not as wide as before" }
      let wanted = before.dropLast() + [columns]
      return after.isProvablyEqual(to: Array(wanted)) ? nil : "%\(graph[try match.value("x")].name) is \(before), which becomes \(after)"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      [try site.add(graph[try match.node("linear")].op, try operands(match, ["x", "w", "b"]), to: &graph)]
    }
  }

  /// The bound values in order; nil where one is left out.
  private static func operands(_ match: Match, _ names: [String]) throws(Diagnostic) -> [ValueID?] {
    _ = try match.value("x")
    return names.map(match.optionalValue)
  }
}
