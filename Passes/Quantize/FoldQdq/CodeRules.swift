import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Steps from codes to floats and back that change no bit when they go.
enum CodeRules {
  static var all: [RewriteRule] {
    [inverse, lookUp] + [moved(Reshape.self), moved(Flatten.self), moved(Squeeze.self), moved(Unsqueeze.self)]
  }

  /// QuantizeLinear of what DequantizeLinear makes, with the same parameters.
  private static var inverse: RewriteRule {
    let pattern = Pattern.op(QuantizeLinear.self, Dequantized.pattern("x"), "s", .optional("z"), as: "quantize") {
      $0.blockSize == 0 ? nil : "it has blocks"
    }
    return RewriteRule("inverse", pattern: pattern, sharesOperands: true) { (match, graph) throws(Diagnostic) in
      guard let source = Dequantized(graph[match.root].inputs[0], graph) else {
        return "its operand is not dequantized to 32-bit floats"
      }
      let result = graph.result(match.root).flatMap { graph[$0].type?.tensor?.dtype }
      guard source.dtype == result, Dequantized.bytes.contains(source.dtype) else {
        return "it makes another type than it was"
      }
      guard graph.isSame(source.scale, try match.value("s")),
        graph.isSameZero(source.zeroPoint, match.optionalValue("z")),
        source.isPerTensor(graph)
      else { return "its scale or its zero point is not that of the values before" }
      // Quotients of products with an ordinary scale are within 1/2 of the code; subnormal ones need not be.
      guard let scale = graph.number(source.scale), scale >= 0x1p-100, scale <= 0x1p100 else {
        return "its scale is no ordinary constant"
      }
      return nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let source = Dequantized(graph[match.root].inputs[0], graph) else { return [] }
      return [source.codes]
    }
  }

  /// Gather of rows of a dequantized table: gather the codes.
  private static var lookUp: RewriteRule {
    RewriteRule(
      "look-up", pattern: .op(Gather.self, Dequantized.pattern("table"), "ids", as: "gather"), sharesOperands: true
    ) { (match, graph) throws(Diagnostic) in
      guard let table = Dequantized(graph[match.root].inputs[0], graph), graph.constant(table.codes) != nil else {
        return "its table is not constant"
      }
      return table.isPerTensor(graph) ? nil : "its table has several scales"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let table = Dequantized(graph[match.root].inputs[0], graph) else { return [] }
      let codes = try site.add(graph[match.root].op, [table.codes, try match.value("ids")], to: &graph)
      return [try site.add(DequantizeLinear(), [codes, table.scale, table.zeroPoint], to: &graph)]
    }
  }

  /// Another shape of dequantized values that a QuantizeLinear or a product reads: shape the codes.
  private static func moved<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    let operands: [Pattern] =
      type is Flatten.Type ? [Dequantized.pattern("x")] : [Dequantized.pattern("x"), .optional("to")]
    let pattern = Pattern.node(NodePattern(type, operands, name: "shape"))
    return RewriteRule("\(type.schema.name) of codes", pattern: pattern, sharesOperands: true) {
      (match, graph) throws(Diagnostic) in
      guard let source = Dequantized(graph[match.root].inputs[0], graph), source.isPerTensor(graph) else {
        return "its operand has several scales"
      }
      let readers = graph.result(match.root).map { graph[$0].users } ?? []
      let isRead = readers.contains { reader in
        switch graph[reader].op {
        case is QuantizeLinear, is MatMul, is Gemm, is Conv: true
        default: false
        }
      }
      return isRead ? nil : "nothing that could read codes reads it"
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let source = Dequantized(graph[match.root].inputs[0], graph) else { return [] }
      let inputs = [source.codes] + graph[match.root].inputs.dropFirst()
      let codes = try site.add(graph[match.root].op, inputs, to: &graph)
      return [try site.add(DequantizeLinear(), [codes, source.scale, source.zeroPoint], to: &graph)]
    }
  }
}

extension Graph {
  /// Whether two zero points are the same; one that is left out is 0.
  fileprivate func isSameZero(_ one: ValueID?, _ other: ValueID?) -> Bool {
    if one != nil, other != nil { return isSame(one, other) }
    return [one, other].allSatisfy { $0 == nil || constant($0)?.integers() == [0] }
  }
}
