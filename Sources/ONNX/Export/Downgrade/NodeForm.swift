import LatheDiagnostics
import LatheIR
import LatheTensors

/// A node as a file will have it: its operator, attributes and operands at one operator set.
struct NodeForm {
  /// An operand: a value of the graph, or one that a downgrade made.
  enum Operand: Hashable {
    case value(ValueID)
    case made(Int)
  }

  var op: OperatorName
  var attributes: Attributes
  var inputs: [Operand?]
  var outputs: [Operand?]
}

/// One node of a graph on its way to an older operator set.
///
/// Downgrades change `form` and may put nodes before and after it, with values of their own between them.
struct Lowering {
  /// A value that is not in the graph.
  struct Made {
    /// What its name ends in.
    let suffix: String
    let type: ValueType?
    let constant: Tensor?
  }

  let graph: Graph
  let opset: Int
  /// The version of the operator that the attributes and operands have in the graph.
  let node: NodeID
  var form: NodeForm
  var before: [NodeForm] = []
  var after: [NodeForm] = []
  private(set) var made: [Made] = []

  init(_ node: NodeID, of graph: Graph, opset: Int) {
    self.graph = graph
    self.opset = opset
    self.node = node
    let source = graph[node]
    form = NodeForm(
      op: source.op.name, attributes: source.op.attributes, inputs: source.inputs.map { $0.map { .value($0) } },
      outputs: source.outputs.map { $0.map { .value($0) } })
  }

  /// All nodes, in order.
  var forms: [NodeForm] { before + [form] + after }

  func input(_ position: Int) -> NodeForm.Operand? { position < form.inputs.count ? form.inputs[position] : nil }

  func type(_ operand: NodeForm.Operand?) -> ValueType? {
    switch operand {
    case .value(let id): graph[id].type
    case .made(let index): made[index].type
    case nil: nil
    }
  }

  func constant(_ operand: NodeForm.Operand?) -> Tensor? {
    switch operand {
    case .value(let id): graph.constant(id)
    case .made(let index): made[index].constant
    case nil: nil
    }
  }

  /// Rank of an input, if it is known.
  func rank(_ position: Int = 0) -> Int? { type(input(position))?.tensor?.rank }

  /// Adds a value that a further node produces.
  mutating func make(_ suffix: String, type: ValueType?) -> NodeForm.Operand {
    made.append(Made(suffix: suffix, type: type, constant: nil))
    return .made(made.count - 1)
  }

  /// Adds a constant.
  mutating func make(_ suffix: String, _ constant: Tensor) -> NodeForm.Operand {
    made.append(Made(suffix: suffix, type: .tensor(TensorType(of: constant)), constant: constant))
    return .made(made.count - 1)
  }

  /// Replaces an input; nil drops it, and with it the absent ones at the end.
  mutating func setInput(_ position: Int, to operand: NodeForm.Operand?) {
    while form.inputs.count <= position { form.inputs.append(nil) }
    form.inputs[position] = operand
    while let last = form.inputs.last, last == nil { form.inputs.removeLast() }
  }

  /// The elements of an integer input that the older form has as an attribute; nil if it is left out.
  ///
  /// - Throws: that the input is computed.
  func integers(_ position: Int, _ what: String) throws(Diagnostic) -> [Int]? {
    guard let operand = input(position) else { return nil }
    guard let list = constant(operand)?.integers() else {
      throw cannot("its \(what) must be constant there, but is computed")
    }
    return list
  }

  /// The diagnostic for a node that the older operator set cannot say.
  func cannot(_ reason: String) -> Diagnostic {
    .invalid("onnx/opset", "\(form.op) cannot be written at opset \(opset): \(reason)")
  }
}
