import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// What follows a layer on INT8 values and becomes part of it.
enum ResultRules {
  static var all: [RewriteRule] { rules(of: QuantizedLinear.self) + rules(of: QuantizedConvolution.self) }

  private static func rules<Layer: FoldedLayer>(of type: Layer.Type) -> [RewriteRule] {
    [
      bias(type), activation(Relu.self, type), activation(Gelu.self, type), activation(Tanh.self, type),
      activation(Sigmoid.self, type),
      activation(Swish.self, type), activation(HardSwish.self, type), relu6(type), residual(type), quantized(type),
    ]
  }

  private typealias Operand = QuantizedLayer.Operand

  /// A layer in float, with all its operands.
  private static func pattern<Layer: FoldedLayer>(_ type: Layer.Type) -> Pattern {
    let operands: [Pattern] =
      [.value("x"), .value("s"), .value("w"), .value("ws")]
      + (4..<Operand.count).map { .optional(.value("operand \($0)")) }
    return .node(NodePattern(type, operands, name: "layer"))
  }

  private static func operands(_ match: Match, _ graph: Graph) throws(Diagnostic) -> [ValueID?] {
    let own = graph[try match.node("layer")].inputs
    return own + Array(repeating: nil, count: Operand.count - own.count)
  }

  private static func layer<Layer: FoldedLayer>(_ match: Match, _ graph: Graph) throws(Diagnostic) -> Layer {
    guard let layer = graph[try match.node("layer")].op as? Layer else {
      throw Diagnostic(
        "quantize/fold", .internalFault, "\(graph.describe(match.root)) does not follow a \(Layer.schema.name)")
    }
    return layer
  }

  private static func bias<Layer: FoldedLayer>(_ type: Layer.Type) -> RewriteRule {
    @Sendable func vector(_ match: Match, _ graph: Graph) throws(Diagnostic) -> Tensor? {
      guard let weights = graph.constant(try match.value("w")) else { return nil }
      return type.vector(try match.value("b"), weights: weights, graph)
    }
    return RewriteRule("bias of \(type.schema.name)", pattern: .op(Add.self, pattern(type), "b")) {
      (match, graph) throws(Diagnostic) in
      let (layer, operands): (Layer, [ValueID?]) = (try layer(match, graph), try operands(match, graph))
      if operands[Operand.residual] != nil { return "the layer has a residual" }
      if layer.activation != .none { return "the layer has an activation" }
      if operands[Operand.bias] != nil { return "the layer has a bias" }
      return try vector(match, graph) == nil ? "the term is not one constant for each output" : nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      guard let vector = try vector(match, graph) else { return [] }
      var operands = try operands(match, graph)
      operands[Operand.bias] = try site.vector(try match.value("b"), vector, in: &graph)
      return [try QuantizedLayer.add(try layer(match, graph) as Layer, operands, match, in: &graph)]
    }
  }

  private static func activation<Op: Operator, Layer: FoldedLayer>(_ op: Op.Type, _ type: Layer.Type) -> RewriteRule {
    activation(.op(op, pattern(type), as: "activation"), type, "\(op.schema.name)") { LinearActivation($0) }
  }

  private static func relu6<Layer: FoldedLayer>(_ type: Layer.Type) -> RewriteRule {
    activation(.op(Clip.self, pattern(type), 0, 6, as: "activation"), type, "Clip to 6") { _ in .relu6 }
  }

  private static func activation<Layer: FoldedLayer>(
    _ pattern: Pattern, _ type: Layer.Type, _ name: String,
    _ kind: @escaping @Sendable (any Operator) -> LinearActivation?
  ) -> RewriteRule {
    RewriteRule("\(name) of \(type.schema.name)", pattern: pattern) { (match, graph) throws(Diagnostic) in
      let layer: Layer = try layer(match, graph)
      if layer.activation != .none { return "the layer has an activation" }
      if !Layer.addsResidualFirst, try operands(match, graph)[Operand.residual] != nil {
        return "the layer has a residual"
      }
      return kind(graph[try match.node("activation")].op) == nil ? "\(type.schema.name) has no such activation" : nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      var layer: Layer = try layer(match, graph)
      layer.activation = kind(graph[try match.node("activation")].op) ?? .none
      return [try QuantizedLayer.add(layer, try operands(match, graph), match, in: &graph)]
    }
  }

  private static func residual<Layer: FoldedLayer>(_ type: Layer.Type) -> RewriteRule {
    RewriteRule("residual of \(type.schema.name)", pattern: .op(Add.self, pattern(type), "r")) {
      (match, graph) throws(Diagnostic) in
      if try operands(match, graph)[Operand.residual] != nil { return "the layer has a residual" }
      if Layer.addsResidualFirst, try (layer(match, graph) as Layer).activation != .none {
        return "the layer has an activation"
      }
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
      return [try QuantizedLayer.add(try layer(match, graph) as Layer, operands, match, in: &graph)]
    }
  }

  /// QuantizeLinear of the result.
  private static func quantized<Layer: FoldedLayer>(_ type: Layer.Type) -> RewriteRule {
    let pattern = Pattern.op(QuantizeLinear.self, pattern(type), "ys", .optional("yz"), as: "quantize") { op in
      op.blockSize == 0 && op.precision ?? .float32 == .float32 ? nil : "it has blocks or another precision"
    }
    return RewriteRule("result of \(type.schema.name)", pattern: pattern) { (match, graph) throws(Diagnostic) in
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
      return [try QuantizedLayer.add(try layer(match, graph) as Layer, operands, match, in: &graph)]
    }
  }

  private static func result(_ match: Match, _ graph: Graph) throws(Refusal) -> QuantizedResult {
    try QuantizedResult(
      scale: match.optionalValue("ys"), zeroPoint: match.optionalValue("yz"),
      dtype: graph.result(match.root).flatMap { graph[$0].type?.tensor?.dtype }, graph)
  }
}
