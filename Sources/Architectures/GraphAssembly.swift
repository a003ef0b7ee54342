import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Builds a graph from a checkpoint's tensors in the operators that exporters to ONNX write.
struct GraphAssembly {
  var builder: GraphBuilder
  var weights: WeightTable
  /// Whether matrices are stored as [in, out], as Paddle does, and not as [out, in], as PyTorch does.
  let storesInputsFirst: Bool
  private var constants: [String: ValueID] = [:]
  private var turned: [String: ValueID] = [:]

  init(_ weights: WeightTable, storesInputsFirst: Bool, name: String) {
    builder = GraphBuilder(Graph(name: name), provenance: .source(name))
    self.weights = weights
    self.storesInputsFirst = storesInputsFirst
  }

  /// An input of the model: ids, masks and the like of `[batch, sequence]`.
  mutating func tokens(_ name: String) throws(Diagnostic) -> ValueID {
    try builder.input(name, .int64, ["batch", "sequence"])
  }

  /// The tensor called `name`; where it is missing, a stand-in of its type, so that all that is missing can be told at once.
  mutating func weight(_ name: String, _ shape: [Int]) throws(Diagnostic) -> ValueID {
    if let known = constants[name] { return known }
    let value: ValueID
    if let tensor = try weights.take(name, shape) {
      value = try builder.constant(name, tensor)
    } else {
      value = try builder.input(builder.graph.uniqueName(name), .float32, shape.map { .known($0) })
    }
    constants[name] = value
    return value
  }

  /// Small whole numbers.
  mutating func integers(_ name: String, _ numbers: [Int]) throws(Diagnostic) -> ValueID {
    let key = "\(name) \(numbers)"
    if let known = constants[key] { return known }
    let value = try builder.constant(name, try Tensor(numbers.map { Int64($0) }, shape: [numbers.count]))
    constants[key] = value
    return value
  }

  /// One number as a scalar.
  mutating func number(_ name: String, _ value: Float) throws(Diagnostic) -> ValueID {
    let key = "\(name) \(value)"
    if let known = constants[key] { return known }
    let constant = try builder.constant(name, try Tensor.scalar(value))
    constants[key] = constant
    return constant
  }

  mutating func add(_ op: any Operator, _ inputs: [ValueID?], _ name: String) throws(Diagnostic) -> ValueID {
    try builder.add(op, inputs, name: name)
  }

  /// `x` times the matrix called `name`, plus its bias.
  mutating func linear(
    _ x: ValueID, _ name: String, from inputs: Int, to outputs: Int, matrix: String? = nil, bias: String? = nil
  ) throws(Diagnostic) -> ValueID {
    let product = try add(
      MatMul(), [x, try self.matrix(matrix ?? name + ".weight", from: inputs, to: outputs)], name + ".matmul")
    return try add(Add(), [product, try weight(bias ?? name + ".bias", [outputs])], name)
  }

  /// A matrix as [in, out]; one that is stored the other way round is turned in the graph, which copies nothing.
  private mutating func matrix(_ name: String, from inputs: Int, to outputs: Int) throws(Diagnostic) -> ValueID {
    if storesInputsFirst { return try weight(name, [inputs, outputs]) }
    return try transposed(name, [outputs, inputs])
  }

  /// The matrix called `name`, stored as `shape`, turned.
  mutating func transposed(_ name: String, _ shape: [Int]) throws(Diagnostic) -> ValueID {
    if let known = turned[name] { return known }
    let value = try add(Transpose(permutation: [1, 0]), [try weight(name, shape)], name + ".transposed")
    turned[name] = value
    return value
  }

  mutating func normalization(_ x: ValueID, _ name: String, _ extent: Int, epsilon: Double) throws(Diagnostic)
    -> ValueID
  {
    let parameters = [try weight(name + ".weight", [extent]), try weight(name + ".bias", [extent])]
    return try add(LayerNormalization(epsilon: Float(epsilon)), [x] + parameters, name)
  }

  mutating func activation(_ x: ValueID, _ function: ActivationName, _ name: String) throws(Diagnostic) -> ValueID {
    try add(function.op, [x], name)
  }

  /// The sequence's length as a vector of one element.
  mutating func sequenceLength(of ids: ValueID) throws(Diagnostic) -> ValueID {
    if let known = constants["sequence length"] { return known }
    let value = try add(ShapeOperator(start: 1, end: 2), [ids], "sequence_length")
    constants["sequence length"] = value
    return value
  }

  /// What the first token came out as.
  mutating func firstToken(_ x: ValueID) throws(Diagnostic) -> ValueID {
    let place = try builder.constant("first", try Tensor.scalar(Int64(0)))
    return try add(Gather(axis: 1), [x, place], "first_token")
  }

  /// Makes `value` an output called `name`.
  mutating func output(_ value: ValueID, _ name: String) throws(Diagnostic) {
    try builder.graph.rename(value, to: name)
    builder.graph.setOutputs(builder.graph.outputs + [value])
  }

  /// The graph, its types inferred as a whole: extents that are computed are seen only then.
  ///
  /// - Throws: `architecture/tensors` if any tensor was missing or misshapen.
  func finished() throws(Diagnostic) -> Graph {
    try weights.check()
    var graph = builder.graph
    try graph.inferTypes()
    try Verifier().verify(graph)
    return graph
  }
}
