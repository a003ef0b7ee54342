import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Constant weights of a product, as QuantizedLinear takes them.
struct QuantizedWeights {
  /// [inputs, outputs].
  let codes: Tensor
  let scales: Tensor
  /// One for each output; nil where all are 0.
  let zeroPoints: Tensor?
  /// The values that hold the codes and the scales in the model.
  private let sources: (codes: ValueID, scale: ValueID)

  var inputs: Int { codes.shape[0] }
  var outputs: Int { codes.shape[1] }

  /// Weights that are given by their codes.
  ///
  /// - Parameters:
  ///   - axis: of the scales where there are several.
  ///   - isTransposed: whether the product reads [outputs, inputs].
  /// - Throws: why QuantizedLinear does not take them.
  init(
    _ codes: ValueID?, scale: ValueID?, zeroPoint: ValueID?, axis: Int? = nil, isTransposed: Bool = false,
    _ graph: Graph
  ) throws(Refusal) {
    guard let codes, let tensor = graph.constant(codes) else { throw Refusal("its weights are not constant") }
    guard let scale, let factors = graph.constant(scale), factors.dtype == .float32 else {
      throw Refusal("the scale of its weights is no constant of 32-bit floats")
    }
    guard Dequantized.bytes.contains(tensor.dtype) else { throw Refusal("its weights are \(tensor.dtype)") }
    guard tensor.rank == 2, tensor.elementCount > 0 else {
      throw Refusal("its weights are no matrix but \(tensor.dtype)\(tensor.shape)")
    }
    let columns = tensor.shape[isTransposed ? 0 : 1]
    let own = axis.map { ($0 < 0 ? $0 + 2 : $0) == (isTransposed ? 0 : 1) } ?? true
    guard factors.elementCount == 1 || own && factors.elementCount == columns && factors.shape.last == columns else {
      throw Refusal("the scales of its weights are \(factors.shape), not one or one for each of \(columns) outputs")
    }
    var zeroes = [0]
    if let zeroPoint {
      guard let values = graph.constant(zeroPoint)?.integers(), values.count == 1 || values.count == columns else {
        throw Refusal("the zero points of its weights are not constant")
      }
      zeroes = values
    }
    do throws(Diagnostic) {
      let oriented = isTransposed ? try Transpose().evaluate([tensor])[0] : tensor
      (self.codes, zeroPoints) = try Self.signed(oriented, zeroes)
      scales = try Self.spread(factors, columns)
    } catch {
      throw Refusal(error.message)
    }
    sources = (codes, scale)
  }

  /// Weights that a DequantizeLinear makes, perhaps turned over.
  init(_ value: ValueID?, isTransposed: Bool = false, _ graph: Graph) throws(Refusal) {
    guard let value else { throw Refusal("it has no weights") }
    if let node = graph.producer(of: value), let op = node.op as? Transpose,
      graph.shape(node.inputs[0])?.count ?? 2 == 2,
      op.permutation == nil || op.permutation == [1, 0]
    {
      try self.init(node.inputs[0], isTransposed: !isTransposed, graph)
      return
    }
    guard let source = Dequantized(value, graph) else {
      throw Refusal("its other operand %\(graph[value].name) is not quantized")
    }
    guard graph.constant(source.codes) != nil else {
      throw Refusal("its other operand %\(graph[value].name) is not constant")
    }
    try self.init(
      source.codes, scale: source.scale, zeroPoint: source.zeroPoint, axis: source.axis, isTransposed: isTransposed,
      graph)
  }

  /// Codes with a sign, and their zero points where some are not 0.
  private static func signed(_ codes: Tensor, _ zeroes: [Int]) throws(Diagnostic) -> (Tensor, Tensor?) {
    guard let values = codes.integers() else { throw .invalid("quantize/weights", "the weights are no integers") }
    let columns = codes.shape[1]
    let zero = { (index: Int) in zeroes.count == 1 ? zeroes[0] : zeroes[index % columns] }
    // Where differences fit 8 bits, they are the codes, and nothing is to be subtracted any more.
    let differences = values.enumerated().map { $1 - zero($0) }
    if differences.allSatisfy({ (-128...127).contains($0) }) {
      if codes.dtype == .int8, zeroes.allSatisfy({ $0 == 0 }) { return (codes, nil) }
      return (try Tensor(differences.map { Int8($0) }, shape: codes.shape), nil)
    }
    let bias = codes.dtype == .uint8 ? 128 : 0
    return (
      try Tensor(values.map { Int8($0 - bias) }, shape: codes.shape),
      try Tensor((0..<columns).map { Int8(zero($0) - bias) }, shape: [columns])
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
