import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Constant weights of a layer, as QuantizedLinear and QuantizedConvolution take them.
struct QuantizedWeights {
  /// How weights lie in the model.
  enum Layout {
    /// [inputs, outputs] of a product.
    case columns
    /// [outputs, inputs] of a product.
    case rows
    /// [outputs, channels, …] of a convolution.
    case filters
  }

  /// [inputs, outputs] or [outputs, channels, …].
  let codes: Tensor
  let scales: Tensor
  /// One for each output; nil where all are 0.
  let zeroPoints: Tensor?
  /// The values that hold the codes and the scales in the model.
  private let sources: (codes: ValueID, scale: ValueID)

  let inputs: Int
  let outputs: Int

  /// Weights that are given by their codes.
  ///
  /// - Parameter axis: of the weights to which several scales belong; nil where they are a factor of the result.
  /// - Throws: why the layer does not take them.
  init(
    _ codes: ValueID?, scale: ValueID?, zeroPoint: ValueID?, axis: Int? = nil, layout: Layout = .columns, _ graph: Graph
  ) throws(Refusal) {
    guard let codes, let tensor = graph.constant(codes) else { throw Refusal("its weights are not constant") }
    guard let scale, let factors = graph.constant(scale), factors.dtype == .float32 else {
      throw Refusal("the scale of its weights is no constant of 32-bit floats")
    }
    guard Dequantized.bytes.contains(tensor.dtype) else { throw Refusal("its weights are \(tensor.dtype)") }
    let ranks = layout == .filters ? 3...4 : 2...2
    guard ranks.contains(tensor.rank), tensor.elementCount > 0 else {
      throw Refusal(
        "its weights are \(tensor.dtype)\(tensor.shape), no \(layout == .filters ? "filters of one or two axes" : "matrix")"
      )
    }
    let outputs = tensor.shape[layout == .columns ? 1 : 0]
    guard factors.elementCount == 1 || Self.isPerOutput(factors, tensor, axis, layout) else {
      throw Refusal("the scales of its weights are \(factors.shape), not one or one for each of \(outputs) outputs")
    }
    var zeroes = [0]
    if let zeroPoint {
      guard let values = graph.constant(zeroPoint)?.integers(), values.count == 1 || values.count == outputs else {
        throw Refusal("the zero points of its weights are not constant")
      }
      zeroes = values
    }
    (self.outputs, inputs) = (outputs, tensor.elementCount / outputs)
    do throws(Diagnostic) {
      let oriented = layout == .rows ? try Transpose().evaluate([tensor])[0] : tensor
      (self.codes, zeroPoints) = try Self.signed(
        oriented, zeroes.count == 1 ? Array(repeating: zeroes[0], count: outputs) : zeroes,
        depth: layout == .filters ? inputs : 1)
      scales = try Self.spread(factors, outputs)
    } catch {
      throw Refusal(error.message)
    }
    sources = (codes, scale)
  }

  /// Whether scales are one for each output.
  private static func isPerOutput(_ scales: Tensor, _ weights: Tensor, _ axis: Int?, _ layout: Layout) -> Bool {
    let own = layout == .columns ? 1 : 0
    guard let axis else {
      return layout == .filters
        ? scales.isPerChannel(weights.shape[own], rank: weights.rank)
        : scales.elementCount == weights.shape[own] && scales.shape.last == weights.shape[own]
    }
    return (axis < 0 ? axis + weights.rank : axis) == own && scales.shape == [weights.shape[own]]
  }

  /// Weights that a DequantizeLinear makes, perhaps turned over.
  init(_ value: ValueID?, layout: Layout = .columns, _ graph: Graph) throws(Refusal) {
    guard let value else { throw Refusal("it has no weights") }
    if layout != .filters, let node = graph.producer(of: value), let op = node.op as? Transpose,
      graph.shape(node.inputs[0])?.count ?? 2 == 2,
      op.permutation == nil || op.permutation == [1, 0]
    {
      try self.init(node.inputs[0], layout: layout == .columns ? .rows : .columns, graph)
      return
    }
    guard let source = Dequantized(value, graph) else {
      throw Refusal("its other operand %\(graph[value].name) is not quantized")
    }
    guard graph.constant(source.codes) != nil else {
      throw Refusal("its other operand %\(graph[value].name) is not constant")
    }
    try self.init(
      source.codes, scale: source.scale, zeroPoint: source.zeroPoint, axis: source.axis, layout: layout, graph)
  }

  /// Codes with a sign, and their zero points, of each output, where some are not 0.
  ///
  /// - Parameter depth: neighbours that have one output.
  private static func signed(_ codes: Tensor, _ zeroes: [Int], depth: Int) throws(Diagnostic) -> (Tensor, Tensor?) {
    guard let values = codes.integers() else { throw .invalid("quantize/weights", "the weights are no integers") }
    // Where differences fit 8 bits, they are the codes, and nothing is to be subtracted any more.
    let differences = values.enumerated().map { $1 - zeroes[$0 / depth % zeroes.count] }
    if differences.allSatisfy({ (-128...127).contains($0) }) {
      if codes.dtype == .int8, zeroes.allSatisfy({ $0 == 0 }) { return (codes, nil) }
      return (try Tensor(differences.map { Int8($0) }, shape: codes.shape), nil)
    }
    let bias = codes.dtype == .uint8 ? 128 : 0
    return (
      try Tensor(values.map { Int8($0 - bias) }, shape: codes.shape),
      try Tensor(zeroes.map { Int8($0 - bias) }, shape: [zeroes.count])
    )
  }

  private static func spread(_ scales: Tensor, _ columns: Int) throws(Diagnostic) -> Tensor {
    if scales.shape == [columns] { return scales }
    let values = scales.elements(as: Float.self) ?? []
    return try Tensor(values.count == 1 ? Array(repeating: values[0], count: columns) : values, shape: [columns])
  }

  /// Why sums of products would not fit 32 bits, or nil.
  func overflow(hasZeroPoint: Bool) -> String? {
    let most = QuantizedLinear.mostInputs(withZeroPointOfX: hasZeroPoint, ofW: zeroPoints != nil)
    return inputs <= most ? nil : "sums of \(inputs) products do not fit 32 bits"
  }

  /// The constants in the graph, those of the model where they serve as they are.
  ///
  /// - Parameter scales: in place of the weights' own.
  func install(_ site: RewriteSite, scales given: Tensor?, in graph: inout Graph) throws(Diagnostic) -> (
    codes: ValueID, scale: ValueID, zeroPoint: ValueID?
  ) {
    let names = (graph[sources.codes].name, graph[sources.scale].name)
    return (
      graph.constant(sources.codes) == codes ? sources.codes : try site.constant("\(names.0).int8", codes, in: &graph),
      graph.constant(sources.scale) == given ?? scales
        ? sources.scale : try site.constant("\(names.1).outputs", given ?? scales, in: &graph),
      try zeroPoints.map { (zeroes) throws(Diagnostic) in
        try site.constant("\(names.0).zero-points", zeroes, in: &graph)
      }
    )
  }
}
