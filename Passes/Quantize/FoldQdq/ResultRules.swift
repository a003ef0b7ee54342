import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// What follows a QuantizedLinear and becomes part of it.
enum ResultRules {
  static var all: [RewriteRule] {
    [bias] + [
      activation(Relu.self), activation(Gelu.self), activation(Tanh.self), activation(Sigmoid.self),
      activation(Swish.self),
    ]
      + [residual, quantized]
  }

  private typealias Operand = QuantizedLayer.Operand

  /// A QuantizedLinear in float, with all its operands.
  private static var layer: Pattern {
    let operands: [Pattern] =
      [.value("x"), .value("s"), .value("w"), .value("ws")]
      + (4..<Operand.count).map { .optional(.value("operand \($0)")) }
    return .node(NodePattern(QuantizedLinear.self, operands, name: "layer"))
  }

  private static func operands(_ match: Match, _ graph: Graph) throws(Diagnostic) -> [ValueID?] {
    let own = graph[try match.node("layer")].inputs
    return own + Array(repeating: nil, count: Operand.count - own.count)
  }

  /// Why nothing can be added behind the product; nil where it can.
  ///
  /// - Parameter isPlain: whether it must have neither a bias nor an activation.
  private static func obstacle(_ match: Match, _ graph: Graph, isPlain: Bool = false) throws(Diagnostic) -> String? {
    let operands = try operands(match, graph)
    guard operands[Operand.residual] == nil else { return "the layer has a residual" }
    guard isPlain else { return nil }
    let hasActivation = try op(match, graph).activation != LinearActivation.none
    return hasActivation ? "the layer has an activation" : nil
  }

  private static func op(_ match: Match, _ graph: Graph) throws(Diagnostic) -> QuantizedLinear {
    graph[try match.node("layer")].op as? QuantizedLinear ?? QuantizedLinear()
  }

  private static var bias: RewriteRule {
    RewriteRule("bias", pattern: .op(Add.self, layer, "b")) { (match, graph) throws(Diagnostic) in
      if let reason = try obstacle(match, graph, isPlain: true) { return reason }
      guard try operands(match, graph)[Operand.bias] == nil else { return "the layer has a bias" }
      guard try vector(match, graph) != nil else { return "the term is not one constant for each output" }
      return nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let vector = try vector(match, graph) else { return [] }
      var operands = try operands(match, graph)
      operands[Operand.bias] = try site.vector(try match.value("b"), vector, in: &graph)
      return [try QuantizedLayer.add(try op(match, graph), operands, match, in: &graph)]
    }
  }

  private static func vector(_ match: Match, _ graph: Graph) throws(Diagnostic) -> Tensor? {
    let columns = graph.constant(try match.value("w"))?.shape.last ?? 0
    guard let shape = graph.shape(try match.value("b")), shape.count == 1 else { return nil }
    return graph.vector(try match.value("b"), columns: columns)
  }

  private static func activation<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    RewriteRule("activation \(type.schema.name)", pattern: .op(type, layer, as: "activation")) {
      (match, graph) throws(Diagnostic) in
      if let reason = try obstacle(match, graph, isPlain: true) { return reason }
      return LinearActivation(graph[try match.node("activation")].op) == nil
        ? "QuantizedLinear has no such activation" : nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let activation = LinearActivation(graph[try match.node("activation")].op) ?? .none
      return [
        try QuantizedLayer.add(QuantizedLinear(activation: activation), try operands(match, graph), match, in: &graph)
      ]
    }
  }

  private static var residual: RewriteRule {
    RewriteRule("residual", pattern: .op(Add.self, layer, "r")) { (match, graph) throws(Diagnostic) in
      if let reason = try obstacle(match, graph) { return reason }
      guard let shape = graph.shape(graph.result(try match.node("layer"))),
        let other = graph.shape(try match.value("r"))
      else {
        return "the shapes of the two terms are not known"
      }
      return shape.isProvablyEqual(to: other) ? nil : "the other term is \(other), which is not provably \(shape)"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      var operands = try operands(match, graph)
      let term = try match.value("r")
      operands[Operand.residual] = term
      // Symmetric codes are read as they are.
      if let codes = Dequantized(term, graph), codes.dtype == .int8, codes.isPerTensor(graph),
        codes.zeroPoint == nil || graph.constant(codes.zeroPoint)?.integers() == [0]
      {
        operands[Operand.residual] = codes.codes
        operands[Operand.residualScale] = try site.number(codes.scale, in: &graph)
      }
      return [try QuantizedLayer.add(try op(match, graph), operands, match, in: &graph)]
    }
  }

  /// QuantizeLinear of the result.
  private static var quantized: RewriteRule {
    let pattern = Pattern.op(QuantizeLinear.self, layer, "ys", .optional("yz"), as: "quantize") { op in
      op.blockSize == 0 && op.precision ?? .float32 == .float32 ? nil : "it has blocks or another precision"
    }
    return RewriteRule("result", pattern: pattern) { (match, graph) throws(Diagnostic) in
      do throws(Refusal) {
        _ = try result(match, graph)
        return nil
      } catch {
        return error.reason
      }
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let result = try? result(match, graph) else { return [] }
      var operands = try operands(match, graph)
      (operands[Operand.yScale], operands[Operand.yZero]) = try result.install(site, in: &graph)
      return [try QuantizedLayer.add(try op(match, graph), operands, match, in: &graph)]
    }
  }

  private static func result(_ match: Match, _ graph: Graph) throws(Refusal) -> QuantizedResult {
    try QuantizedResult(
      scale: match.optionalValue("ys"), zeroPoint: match.optionalValue("yz"),
      dtype: graph.result(match.root).flatMap { graph[$0].type?.tensor?.dtype }, graph)
  }
}
