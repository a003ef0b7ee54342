import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Follows extents along a graph, and replaces what is computed from them.
struct ShapeWalk {
  let context: PassContext
  var inference = TypeInference()
  var names: ExtentNames
  var sources = ExtentSources()
  var outcome = PassOutcome()
  /// Nodes that something stopped reading.
  var loose: [NodeID] = []
  private var remade: [Request: ValueID] = [:]

  /// What a remade value holds.
  private struct Request: Hashable {
    var elements: [Dimension]
    var isScalar: Bool
  }

  init(_ context: PassContext, _ graph: Graph) {
    self.context = context
    names = ExtentNames(graph)
  }

  /// Takes note of a value's extents.
  mutating func meet(_ id: ValueID, _ graph: inout Graph) {
    names.name(id, in: &graph)
    sources.add(id, graph)
  }

  /// Infers a node's results, replaces those that are known, and shortens what it reads where it is no shape arithmetic itself.
  mutating func visit(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    if !(graph[id].op is any SubgraphHolder) { try inference.visit(id, in: &graph) }
    let outputs = graph[id].outputs.compactMap { $0 }
    for output in outputs { meet(output, &graph) }
    if outputs.contains(where: { inference.operand($0, in: graph)?.elements != nil }) {
      for output in outputs { try fold(output, of: id, &graph) }
    } else {
      try shorten(id, &graph)
    }
  }

  /// Elements of a value that is no constant, where they could be followed.
  func followed(_ id: ValueID?, _ graph: Graph) -> [Dimension]? {
    guard let id, graph[id].constant == nil else { return nil }
    return inference.operand(id, in: graph)?.elements
  }

  private mutating func fold(_ output: ValueID, of id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    guard let type = graph[output].type?.tensor, let shape = type.knownShape, let elements = followed(output, graph),
      !graph[output].users.isEmpty || graph.isOutput(output)
    else { return }
    let numbers = elements.compactMap(\.known)
    guard numbers.count == elements.count, let tensor = try Self.tensor(numbers, shape, type.dtype) else { return }
    let description = graph.describe(id)
    let constant = try graph.addConstant(graph.uniqueName("\(graph[output].name).folded"), tensor)
    if let reason = try context.substitute(constant, for: output, takingName: true, in: &graph) {
      outcome.record(description, .declined(reason))
      graph.removeValue(constant)
      return
    }
    loose.append(id)
    outcome.record(description, .done)
  }

  private static func tensor(_ numbers: [Int], _ shape: [Int], _ dtype: DType) throws(Diagnostic) -> Tensor? {
    guard try Tensor.elementCount(of: shape) == numbers.count else { return nil }
    switch dtype {
    case .int64: return try Tensor(numbers.map { Int64($0) }, shape: shape)
    case .int32:
      let narrow = numbers.compactMap { Int32(exactly: $0) }
      return narrow.count == numbers.count ? try Tensor(narrow, shape: shape) : nil
    case .bool: return try Tensor(numbers.map { $0 != 0 }, shape: shape)
    default: return nil
    }
  }

  // MARK: what a node reads

  private mutating func shorten(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    let inputs = graph[id].inputs
    for (position, input) in inputs.enumerated() {
      guard let input, let elements = followed(input, graph) else { continue }
      if let replacement = try constant(for: position, elements, of: id, &graph) {
        try read(replacement, at: position, of: id, &graph)
      } else if let replacement = try remade(input, elements, for: id, &graph) {
        try read(replacement, at: position, of: id, &graph)
      }
    }
  }

  private mutating func read(_ value: ValueID, at position: Int, of id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    if let old = graph[id].inputs[position], let producer = graph[old].producer { loose.append(producer) }
    graph.setInput(position, of: id, to: value)
    outcome.record(graph.describe(id), .done)
  }

  /// A constant that says the same in this place, whatever the symbols are.
  private func constant(
    for position: Int, _ elements: [Dimension], of id: NodeID, _ graph: inout Graph
  ) throws(Diagnostic) -> ValueID? {
    let node = graph[id]
    guard let data = node.inputs[0], let type = graph[data].type?.tensor, let shape = type.shape, let old = node.inputs[position],
      let dtype = graph[old].type?.tensor?.dtype
    else { return nil }
    let numbers: [Int]?
    switch node.op {
    case let reshape as Reshape where position == 1:
      let result = node.outputs[0].flatMap { graph[$0].type?.tensor?.shape }
      numbers = ConstantTarget.reshape(reshape, shape, to: elements, result: result)
      if numbers != nil, reshape.allowsZero { graph.setOperator(Reshape(), of: id) }
    case is Expand where position == 1: numbers = ConstantTarget.expand(shape, to: elements)
    case is Slice where position == 1 || position == 2:
      let axes = try sliceAxes(node, count: elements.count, rank: shape.count, graph)
      numbers = axes.flatMap { ConstantTarget.slice(shape, axes: $0, to: elements, dtype: dtype) }
    default: numbers = nil
    }
    guard let numbers, let tensor = try Self.tensor(numbers, [numbers.count], dtype) else { return nil }
    return try graph.addConstant(graph.uniqueName("\(graph[old].name).constant"), tensor)
  }

  /// The axes that are cut, if they are known and all are walked forwards.
  private func sliceAxes(_ node: Node, count: Int, rank: Int, _ graph: Graph) throws(Diagnostic) -> [Int]? {
    func numbers(_ position: Int) -> [Int]? {
      guard position < node.inputs.count, let id = node.inputs[position] else { return nil }
      return inference.operand(id, in: graph)?.integers ?? []
    }
    let axes = (numbers(3) ?? Array(0..<count)).map { $0 < 0 ? $0 + rank : $0 }
    let steps = numbers(4) ?? Array(repeating: 1, count: count)
    guard axes.count == count, steps.count == count, axes.allSatisfy((0..<rank).contains), steps.allSatisfy({ $0 > 0 }) else {
      return nil
    }
    return axes
  }

  /// The same elements read from shapes, if that takes fewer nodes than it takes now.
  private mutating func remade(
    _ value: ValueID, _ elements: [Dimension], for id: NodeID, _ graph: inout Graph
  ) throws(Diagnostic) -> ValueID? {
    guard let type = graph[value].type?.tensor, type.dtype == .int64, let rank = type.rank, rank <= 1,
      let producer = graph[value].producer
    else { return nil }
    let request = Request(elements: elements, isScalar: rank == 0)
    if let known = remade[request] { return known == value ? nil : known }
    guard let pieces = sources.pieces(elements) else { return nil }
    let isNew = pieces.count { piece in
      guard case .extents = piece else { return false }
      return remade[Request(elements: sources.elements(piece, graph), isScalar: false)] == nil
    }
    let cost = isNew + (pieces.count > 1 ? 1 : 0) + (rank == 0 ? 1 : 0)
    guard cost < length(of: value, graph) else {
      remade[request] = value
      return nil
    }
    let result = try build(pieces, isScalar: rank == 0, producer, for: id, &graph)
    remade[request] = result
    return result
  }

  private mutating func build(
    _ pieces: [ExtentSources.Piece], isScalar: Bool, _ producer: NodeID, for id: NodeID, _ graph: inout Graph
  ) throws(Diagnostic) -> ValueID {
    var parts: [ValueID] = []
    for piece in pieces {
      let request = Request(elements: sources.elements(piece, graph), isScalar: false)
      switch piece {
      case .numbers(let numbers):
        let tensor = try Tensor(numbers.map { Int64($0) }, shape: [numbers.count])
        parts.append(try graph.addConstant(graph.uniqueName("\(graph.describe(producer)).extents"), tensor))
      case .extents(let source, let axes):
        if let known = remade[request] {
          parts.append(known)
          continue
        }
        let part = try add(Self.shape(of: source, axes, graph), [source], producer, for: id, &graph)
        remade[request] = part
        parts.append(part)
      }
    }
    var result = parts[0]
    if parts.count > 1 { result = try add(Concat(axis: 0), parts, producer, for: id, &graph) }
    guard isScalar else { return result }
    let axes = try graph.addConstant(graph.uniqueName("\(graph.describe(producer)).axes"), try Tensor([Int64(0)], shape: [1]))
    return try add(Squeeze(), [result, axes], producer, for: id, &graph)
  }

  private static func shape(of source: ValueID, _ axes: Range<Int>, _ graph: Graph) -> ShapeOperator {
    let rank = graph[source].type?.tensor?.rank
    return ShapeOperator(start: axes.lowerBound, end: axes.upperBound == rank ? nil : axes.upperBound)
  }

  private mutating func add(
    _ op: any Operator, _ inputs: [ValueID], _ producer: NodeID, for id: NodeID, _ graph: inout Graph
  ) throws(Diagnostic) -> ValueID {
    let value = try context.add(op, inputs, to: &graph, before: id, replacing: [producer])
    if let node = graph[value].producer { try inference.visit(node, in: &graph) }
    return value
  }

  /// Nodes that compute a followed value from shapes.
  private func length(of value: ValueID, _ graph: Graph) -> Int {
    var seen: Set<NodeID> = []
    var waiting = [value]
    while let next = waiting.popLast(), seen.count < 32 {
      guard let producer = graph[next].producer, followed(next, graph) != nil, seen.insert(producer).inserted else { continue }
      if graph[producer].op is ShapeOperator || graph[producer].op is SizeOperator { continue }
      waiting += graph[producer].operands
    }
    return seen.count
  }
}
