import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// A QuantizedLinear or QuantizedConvolution in the making: where its operands come from, and what follows the product.
struct QuantizedLayer {
  /// Positions of the operands of both.
  enum Operand {
    static let (x, xScale, w, wScale, bias, residual, residualScale, yScale, xZero, yZero, wZero) = (
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    )
    static let count = 11
  }

  let codes: ValueID
  /// nil for 1.
  let scale: ValueID?
  let zeroPoint: ValueID?
  let weights: QuantizedWeights
  var op: any Operator = QuantizedLinear()
  /// A vector of floats, and the value it comes from.
  var bias: (source: ValueID, tensor: Tensor)?
  var residual: ValueID?
  /// Scale and zero point of a result in INT8; nil for one in float.
  var result: QuantizedResult?
  /// For each output the factor of its sums that makes them multiples of the result's scale, in place of all scales.
  var factors: Tensor?

  /// - Throws: why the layer does not take these operands.
  init(_ codes: ValueID?, scale: ValueID?, zeroPoint: ValueID?, _ weights: QuantizedWeights, _ graph: Graph)
    throws(Refusal)
  {
    guard let codes, let type = graph[codes].type?.tensor, Dequantized.bytes.contains(type.dtype) else {
      throw Refusal("its first operand is no tensor of bytes")
    }
    if let scale, !graph.holdsOneNumber(scale) || graph[scale].type?.tensor?.dtype != .float32 {
      throw Refusal("the scale of %\(graph[codes].name) is not one 32-bit float")
    }
    if let zeroPoint, !graph.holdsOneNumber(zeroPoint) {
      throw Refusal("the zero point of %\(graph[codes].name) is not one number")
    }
    let isZero = zeroPoint == nil || graph.constant(zeroPoint)?.integers() == [0]
    let hasZeroPoint = !isZero || type.dtype == .uint8
    if let reason = weights.overflow(hasZeroPoint: hasZeroPoint) { throw Refusal(reason) }
    (self.codes, self.scale, self.zeroPoint, self.weights) = (codes, scale, isZero ? nil : zeroPoint, weights)
  }

  /// A product of what DequantizeLinear makes, or why it is none.
  init(_ x: ValueID?, _ w: ValueID?, layout: QuantizedWeights.Layout = .columns, _ graph: Graph) throws(Refusal) {
    guard let operand = Dequantized(x, graph) else {
      throw Refusal(
        "its first operand \(x.map { "%\(graph[$0].name)" } ?? "") is in float, its weights alone are quantized")
    }
    let weights = try QuantizedWeights(w, layout: layout, graph)
    try self.init(operand.codes, scale: operand.scale, zeroPoint: operand.zeroPoint, weights, graph)
  }

  /// Takes a bias.
  ///
  /// - Throws: why it cannot.
  mutating func take(bias value: ValueID?, _ graph: Graph) throws(Refusal) {
    guard let value else { return }
    guard let tensor = graph.vector(value, columns: weights.outputs) else {
      throw Refusal("%\(graph[value].name) is not one constant float for each output")
    }
    bias = (value, tensor)
  }

  /// Adds the node, and returns its result.
  func install(_ site: RewriteSite, _ match: Match, in graph: inout Graph) throws(Diagnostic) -> ValueID {
    let constants = try weights.install(site, scales: factors, in: &graph)
    var inputs = [ValueID?](repeating: nil, count: Operand.count)
    inputs[Operand.x] = codes
    let one = scale == nil || factors != nil ? try site.constant("one", try Tensor.scalar(Float(1)), in: &graph) : nil
    inputs[Operand.xScale] = one
    if one == nil, let scale { inputs[Operand.xScale] = try site.number(scale, in: &graph) }
    inputs[Operand.xZero] = try zeroPoint.map { (zero) throws(Diagnostic) in try site.number(zero, in: &graph) }
    (inputs[Operand.w], inputs[Operand.wScale], inputs[Operand.wZero]) = (
      constants.codes, constants.scale, constants.zeroPoint
    )
    inputs[Operand.bias] = try bias.map { (bias) throws(Diagnostic) in
      try site.vector(bias.source, bias.tensor, in: &graph)
    }
    inputs[Operand.residual] = residual
    if let result {
      (inputs[Operand.yScale], inputs[Operand.yZero]) = try result.install(
        site, scale: factors == nil ? nil : one, in: &graph)
    }
    return try Self.add(op, inputs, match, in: &graph)
  }

  /// Adds a layer that gives INT8 values where it has a scale for them, and else floats.
  static func add(_ op: any Operator, _ inputs: [ValueID?], _ match: Match, in graph: inout Graph) throws(Diagnostic)
    -> ValueID
  {
    let isQuantized = inputs.count > Operand.yScale && inputs[Operand.yScale] != nil
    let name = graph.uniqueName(op.name.name.lowercased())
    let provenance = Provenance.pass(FoldQdq.id.rawValue, from: match.nodes.map(graph.describe))
    let id = try graph.addNode(
      op, inputs: inputs, outputs: isQuantized ? [nil, name] : [name], provenance: provenance, before: match.root)
    try graph.inferTypes(of: id)
    guard let value = graph[id].outputs.compactMap({ $0 }).first else {
      throw Diagnostic("quantize/result", .internalFault, "\(graph.describe(id)) has no result")
    }
    return value
  }

  /// A rule that makes a layer of the root of a match.
  ///
  /// - Parameter make: throws why it declines.
  static func rule(
    _ name: String, _ pattern: Pattern, _ make: @escaping @Sendable (Node, Graph) throws(Refusal) -> QuantizedLayer
  ) -> RewriteRule {
    let attempt = { @Sendable (match: Match, graph: Graph) -> Result<QuantizedLayer, Refusal> in
      do throws(Refusal) {
        return .success(try make(graph[match.root], graph))
      } catch {
        return .failure(error)
      }
    }
    return RewriteRule(name, pattern: pattern, sharesOperands: true) { (match, graph) throws(Diagnostic) in
      if case .failure(let refusal) = attempt(match, graph) { refusal.reason } else { nil }
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      switch attempt(match, graph) {
      case .success(let layer): return [try layer.install(site, match, in: &graph)]
      case .failure(let refusal): throw Diagnostic("quantize/fold", .internalFault, refusal.reason)
      }
    }
  }
}

/// What a result in INT8 is quantized with.
struct QuantizedResult {
  let scale: ValueID
  let zeroPoint: ValueID?
  let dtype: DType

  /// - Throws: why the layer does not give such results.
  init(scale: ValueID?, zeroPoint: ValueID?, dtype: DType?, _ graph: Graph) throws(Refusal) {
    guard let dtype, Dequantized.bytes.contains(dtype) else { throw Refusal("its result is no tensor of bytes") }
    guard let scale, graph.holdsOneNumber(scale), graph[scale].type?.tensor?.dtype == .float32 else {
      throw Refusal("the scale of its result is not one 32-bit float")
    }
    if let zeroPoint, !graph.holdsOneNumber(zeroPoint) {
      throw Refusal("the zero point of its result is not one number")
    }
    (self.scale, self.zeroPoint, self.dtype) = (scale, zeroPoint, dtype)
  }

  /// Scale and zero point as operands; a zero point that is left out is 0.
  ///
  /// - Parameter scale: in place of its own.
  func install(_ site: RewriteSite, scale given: ValueID? = nil, in graph: inout Graph) throws(Diagnostic) -> (
    scale: ValueID, zeroPoint: ValueID
  ) {
    var number = given ?? scale
    if given == nil { number = try site.number(scale, in: &graph) }
    if let zeroPoint { return (number, try site.number(zeroPoint, in: &graph)) }
    let zero = dtype == .int8 ? try Tensor.scalar(Int8(0)) : try Tensor.scalar(UInt8(0))
    return (number, try site.constant("zero-point", zero, in: &graph))
  }
}
