import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Dynamic forms: products of integers whose sums are scaled behind them.
enum IntegerRules {
  static var all: [RewriteRule] {
    [
      scaled(MatMulInteger.self), unscaled(MatMulInteger.self), scaled(ConvInteger.self), unscaled(ConvInteger.self),
      toFloat, dynamic,
    ]
  }

  /// A product of integers, cast to float and multiplied by both scales, or by the product of the two.
  private static func scaled<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    let sums = Pattern.op(type, "x", "w", .optional("xz"), .optional("wz"), as: "product")
    let floats = Pattern.op(Cast.self, sums, as: "cast") { $0.target == .float32 ? nil : "it makes no 32-bit floats" }
    let pattern = Pattern.either([
      .op(Mul.self, floats, .op(Mul.self, "s", .constant("ws"))),
      .op(Mul.self, .op(Mul.self, floats, "s"), .constant("ws")),
      .op(Mul.self, .op(Mul.self, floats, .constant("ws")), "s"), .op(Mul.self, floats, .constant("ws")),
    ])
    @Sendable func layer(_ match: Match, _ graph: Graph) throws(Refusal) -> QuantizedLayer {
      guard let x = match.optionalValue("x"), let w = match.optionalValue("w") else {
        throw Refusal("an operand is left out")
      }
      if match.optionalValue("s") == nil, let reader = graph.result(match.root).flatMap({ graph.onlyUser(of: $0) }),
        graph[reader].op is Mul,
        graph[reader].operands.contains(where: { graph.holdsOneNumber($0) })
      {
        throw Refusal("the scale of its first operand follows")
      }
      let convolution = match.nodes.lazy.compactMap { graph[$0].op as? ConvInteger }.first
      let weights = try QuantizedWeights(
        w, scale: match.optionalValue("ws"), zeroPoint: match.optionalValue("wz"),
        layout: convolution == nil ? .columns : .filters, graph)
      var layer = try QuantizedLayer(
        x, scale: match.optionalValue("s"), zeroPoint: match.optionalValue("xz"), weights, graph)
      if let op = convolution {
        layer.op = QuantizedConvolution(Convolution(Conv(window: op.window, groups: op.groups)))
      }
      return layer
    }
    return RewriteRule("scaled sums of \(type.schema.name)", pattern: pattern) { (match, graph) throws(Diagnostic) in
      do throws(Refusal) {
        _ = try layer(match, graph)
        return nil
      } catch {
        return error.reason
      }
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let layer = try? layer(match, graph) else { return [] }
      return [try layer.install(site, match, in: &graph)]
    }
  }

  private static func unscaled<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    QuantizedLayer.rule("sums of \(type.schema.name)", .op(type, "x", "w", .optional("xz"), .optional("wz"))) {
      (node, graph) throws(Refusal) in
      throw Refusal("its sums are not cast to 32-bit floats and multiplied by both scales")
    }
  }

  private static var toFloat: RewriteRule {
    let pattern = Pattern.op(
      MatMulIntegerToFloat.self, "x", "w", "s", "ws", .optional("xz"), .optional("wz"), .optional("b"))
    return QuantizedLayer.rule("sums to float", pattern) { (node, graph) throws(Refusal) in
      let operands = node.inputs + [nil, nil, nil]
      let weights = try QuantizedWeights(operands[1], scale: operands[3], zeroPoint: operands[5], graph)
      var layer = try QuantizedLayer(operands[0], scale: operands[2], zeroPoint: operands[4], weights, graph)
      try layer.take(bias: operands[6], graph)
      return layer
    }
  }

  /// DynamicQuantizeMatMul, which quantizes its operand itself.
  private static var dynamic: RewriteRule {
    let pattern = Pattern.op(DynamicQuantizeMatMul.self, "x", "w", "ws", .optional("wz"), .optional("b"))
    @Sendable func weights(_ node: Node, _ graph: Graph) throws(Refusal) -> QuantizedWeights {
      let operands = node.inputs + [nil, nil]
      let weights = try QuantizedWeights(operands[1], scale: operands[2], zeroPoint: operands[3], graph)
      if let reason = weights.overflow(hasZeroPoint: true) { throw Refusal(reason) }
      if let bias = operands[4], graph.vector(bias, columns: weights.outputs) == nil {
        throw Refusal("%\(graph[bias].name) is not one constant float for each output")
      }
      return weights
    }
    return RewriteRule("dynamic product", pattern: pattern) { (match, graph) throws(Diagnostic) in
      do throws(Refusal) {
        _ = try weights(graph[match.root], graph)
        return nil
      } catch {
        return error.reason
      }
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let node = graph[match.root]
      let parts = try quantized(try match.value("x"), match, &graph)
      guard let weights = try? weights(node, graph),
        var layer = try? QuantizedLayer(parts[0], scale: parts[1], zeroPoint: parts[2], weights, graph)
      else { return [] }
      try? layer.take(bias: match.optionalValue("b"), graph)
      return [try layer.install(site, match, in: &graph)]
    }
  }

  /// The outputs of a DynamicQuantizeLinear: of one that is there before the root, or of a new one.
  private static func quantized(_ x: ValueID, _ match: Match, _ graph: inout Graph) throws(Diagnostic) -> [ValueID] {
    for id in graph.order {
      guard id != match.root else { break }
      guard graph[id].op is DynamicQuantizeLinear, graph[id].inputs == [x] else { continue }
      let outputs = graph[id].outputs.compactMap { $0 }
      if outputs.count == 3 { return outputs }
    }
    let provenance = Provenance.pass(FoldQdq.id.rawValue, from: [graph.describe(match.root)])
    return try graph.addInferred(
      DynamicQuantizeLinear(), [x], outputCount: 3, name: "\(graph[x].name).quantized", provenance: provenance,
      before: match.root)
  }
}
