import LatheDiagnostics
import LatheTensors

/// Infers types along a graph in its order, following small integer tensors so that shapes stay symbolic.
public struct TypeInference {
  /// Dimensions of values that shape arithmetic could follow.
  private var elements: [ValueID: [Dimension]] = [:]
  /// Contents of captures that are constants of a graph around this one.
  private var captured: [ValueID: Tensor] = [:]
  /// Whether this is a graph that another one holds: what is inferred there counts more than what was declared.
  private var isNested = false

  public init() {}

  /// An input of a node as inference sees it; nil if nothing is known of its type.
  public func operand(_ id: ValueID, in graph: Graph) -> Operand? {
    let value = graph[id]
    guard let type = value.type else { return nil }
    return Operand(type: type, constant: value.constant ?? captured[id], elements: elements[id])
  }

  /// The inputs of a node as inference sees them, nil for those that are left out; nil if nothing is known of one's type.
  public func operands(of node: Node, in graph: Graph) -> [Operand?]? {
    var operands: [Operand?] = []
    for input in node.inputs {
      guard let input else {
        operands.append(nil)
        continue
      }
      guard let operand = operand(input, in: graph) else { return nil }
      operands.append(operand)
    }
    return operands
  }

  /// The inputs of a node, and the types of its outputs, inferred where the graph does not tell them; nil if one is not known, or is no tensor.
  public func signature(of node: Node, in graph: Graph) -> (operands: [Operand?], results: [TensorType])? {
    guard let operands = operands(of: node, in: graph) else { return nil }
    let declared = node.outputs.map { $0.flatMap { graph[$0].type?.tensor } }
    let inferred = declared.contains(nil) ? (try? node.op.infer(operands)) ?? [] : []
    var results: [TensorType] = []
    for (position, type) in declared.enumerated() {
      guard let type = type ?? (position < inferred.count ? inferred[position].tensor : nil) else { return nil }
      results.append(type)
    }
    return (operands, results)
  }

  /// Infers one node's outputs and merges them with what is declared.
  ///
  /// - Throws: what the operator's checks and inference throw, and `ir/type-conflict` if the result contradicts a declared type;
  ///   all with the node's name.
  public mutating func visit(_ id: NodeID, in graph: inout Graph) throws(Diagnostic) {
    do {
      try infer(id, &graph)
    } catch {
      throw error.located(in: Location(node: graph.describe(id)))
    }
  }

  private mutating func infer(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    let node = graph[id]
    guard !(node.op is OpaqueOperator) else { return }
    let schema = type(of: node.op).schema
    try schema.check(node.inputs.map { $0.flatMap { graph[$0].type } }, present: node.inputs.map { $0 != nil })
    try checkOutputs(node, schema)
    guard let operands = operands(of: node, in: graph) else { return }
    let types = try outputTypes(id, node, operands, &graph)
    let followed = (node.op as? any ShapeArithmetic)?.elements(operands) ?? []
    for (position, output) in node.outputs.enumerated() {
      guard let output, position < types.count, let type = types[position] else { continue }
      try type.checkExtents()
      let merged = try merged(type, declared: graph[output].type, name: graph[output].name)
      graph.setType(merged, of: output)
      guard position < followed.count, let list = followed[position], list.count <= Operand.maximumElements else {
        continue
      }
      elements[output] = list
    }
  }

  /// Types of the outputs, after inference in the graphs that the operator holds.
  private func outputTypes(
    _ id: NodeID, _ node: Node, _ operands: [Operand?], _ graph: inout Graph
  ) throws(Diagnostic) -> [ValueType?] {
    guard let control = node.op as? any ControlFlow else { return try node.op.infer(operands) }
    let op = try inferSubgraphs(of: control, node, operands, graph)
    graph.setOperator(op, of: id)
    let types = try (op as? any ControlFlow)?.inferOutputs(operands) ?? []
    guard node.outputs.count <= types.count else {
      throw .invalid(
        "operator/outputs", "the graphs of \(op.name) give \(types.count) outputs, but \(node.outputs.count) are named")
    }
    return types
  }

  /// The operator with the types in its graphs inferred from what is known outside.
  private func inferSubgraphs(
    of op: any ControlFlow, _ node: Node, _ operands: [Operand?], _ graph: Graph
  ) throws(Diagnostic) -> any Operator {
    var graphs = op.subgraphs.map(\.graph)
    let given = try op.subgraphInputs(operands)
    var outer = node.captures[...]
    for index in graphs.indices {
      var inner = TypeInference()
      inner.isNested = true
      for capture in graphs[index].captures {
        guard let source = outer.popFirst(), let operand = operand(source, in: graph) else { continue }
        graphs[index].setType(operand.type, of: capture)
        inner.captured[capture] = operand.constant
        inner.elements[capture] = operand.elements
      }
      for (input, type) in zip(graphs[index].inputs, index < given.count ? given[index] : []) {
        guard let type else { continue }
        graphs[index].setType(try inner.merged(type, declared: graphs[index][input].type, name: ""), of: input)
      }
      for id in graphs[index].order {
        do throws(Diagnostic) {
          try inner.visit(id, in: &graphs[index])
        } catch {
          guard type(of: op).isConditional, error.category == .invalidInput else { throw error }
        }
      }
    }
    return op.replacingSubgraphs(graphs)
  }

  private func checkOutputs(_ node: Node, _ schema: OperatorSchema) throws(Diagnostic) {
    guard node.outputs.isEmpty || schema.output(at: node.outputs.count - 1) != nil else {
      throw .invalid(
        "operator/outputs", "\(schema.name) gives \(schema.outputs.count) outputs, but \(node.outputs.count) are named")
    }
  }

  /// The inferred type, with dimensions it leaves open taken from the declared one.
  private func merged(_ inferred: ValueType, declared: ValueType?, name: String) throws(Diagnostic) -> ValueType {
    guard isNested else { return try Self.merged(inferred, declared: declared, name: name) }
    return (try? Self.merged(inferred, declared: declared, name: name)) ?? inferred
  }

  private static func merged(_ inferred: ValueType, declared: ValueType?, name: String) throws(Diagnostic) -> ValueType
  {
    guard let declared, case .tensor(let a) = inferred, case .tensor(let b) = declared else { return inferred }
    func conflict() -> Diagnostic {
      .invalid(
        "ir/type-conflict", "%\(name) is declared as \(declared), but its operator gives \(inferred)",
        at: Location(value: name),
        fix: "correct the model's declared type, or the operator's inputs")
    }
    guard a.dtype == b.dtype else { throw conflict() }
    guard let left = a.shape else { return declared }
    guard let right = b.shape else { return inferred }
    guard left.count == right.count else { throw conflict() }
    var shape: Shape = []
    for (one, two) in zip(left, right) {
      if let known = one.known, let other = two.known, known != other { throw conflict() }
      shape.append(preferred(one, two))
    }
    return .tensor(TensorType(a.dtype, shape))
  }

  /// Numbers before symbols before nothing; the inferred one where both say as much.
  private static func preferred(_ inferred: Dimension, _ declared: Dimension) -> Dimension {
    if inferred == .unknown { return declared }
    return declared.known != nil ? declared : inferred
  }
}

extension Graph {
  /// Infers the types of all nodes' outputs in order.
  ///
  /// Values whose types cannot be told keep what was declared.
  ///
  /// - Throws: the first contradiction, with the node's name.
  public mutating func inferTypes() throws(Diagnostic) {
    var inference = TypeInference()
    for id in order { try inference.visit(id, in: &self) }
  }

  /// Infers the types of one node's outputs; shape arithmetic before it is not followed.
  public mutating func inferTypes(of id: NodeID) throws(Diagnostic) {
    var inference = TypeInference()
    try inference.visit(id, in: &self)
  }
}
