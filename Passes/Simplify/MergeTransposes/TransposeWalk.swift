import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Goes along a graph and merges each Transpose with what stands before it.
struct TransposeWalk {
  let context: PassContext
  var outcome = PassOutcome()
  /// Nodes that something stopped reading.
  var loose: [NodeID] = []

  init(_ context: PassContext) { self.context = context }

  mutating func visit(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    switch graph[id].op {
    case is Transpose: try merge(id, &graph)
    case is Gemm: try absorb(id, &graph)
    case is Reshape: try unpack(id, &graph)
    case is any Elementwise: try gather(id, &graph)
    default: break
    }
  }

  // MARK: two in a row, or with elementwise operators between

  private mutating func merge(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    guard let input = graph[id].inputs.first ?? nil, let output = graph[id].outputs.first ?? nil,
      let order = Self.order(id, graph)
    else { return }
    if let producer = graph[input].producer, let first = Self.order(producer, graph),
      let source = graph[producer].inputs.first ?? nil
    {
      try replace(id, output, by: source, permuted: order.map { first[$0] }, [producer, id], &graph)
      return
    }
    var plan = Plan(order: order)
    guard Self.pull(input, through: &plan, graph), plan.meetsTranspose else { return }
    try apply(plan, &graph)
    try finish(id, output, by: input, &graph)
  }

  /// Puts one Transpose, or the source itself, in the place of a node's output.
  private mutating func replace(
    _ id: NodeID, _ output: ValueID, by source: ValueID, permuted order: [Int], _ replaced: [NodeID], _ graph: inout Graph
  ) throws(Diagnostic) {
    let result = try transposed(source, order, before: id, replaced, &graph)
    try finish(id, output, by: result, takingName: result != source, &graph)
  }

  private mutating func finish(
    _ id: NodeID, _ output: ValueID, by result: ValueID, takingName: Bool = false, _ graph: inout Graph
  ) throws(Diagnostic) {
    let description = graph.describe(id)
    if let reason = try context.substitute(result, for: output, takingName: takingName, in: &graph) {
      if let producer = graph[result].producer { loose.append(producer) }
      outcome.record(description, .declined(reason))
      return
    }
    loose.append(id)
    outcome.record(description, .done)
  }

  private func transposed(
    _ source: ValueID, _ order: [Int], before id: NodeID, _ replaced: [NodeID], _ graph: inout Graph
  ) throws(Diagnostic) -> ValueID {
    if order == Array(order.indices) { return source }
    return try context.add(Transpose(permutation: order), [source], to: &graph, before: id, replacing: replaced)
  }

  /// What has to change for elementwise operators to work on another order of axes.
  private struct Plan {
    let order: [Int]
    /// The operators, each before its readers.
    var nodes: [NodeID] = []
    /// Operands that a Transpose gives, or that are constant.
    var edges: [(node: NodeID, position: Int)] = []
    var meetsTranspose = false
  }

  /// Elementwise operators in one plan at most.
  private static let longestPlan = 16

  /// Plans to compute the value with its axes in another order; false where some operand would need a Transpose of its own.
  private static func pull(_ value: ValueID, through plan: inout Plan, _ graph: Graph) -> Bool {
    guard let id = graph[value].producer, graph[id].op is any Elementwise, graph[id].outputs.count == 1,
      graph[value].users.count == 1, !graph.isOutput(value), plan.nodes.count < longestPlan
    else { return false }
    for (position, input) in graph[id].inputs.enumerated() {
      guard let input, let type = graph[input].type?.tensor, let shape = type.shape, shape.count <= plan.order.count else { return false }
      if shape.allSatisfy({ $0 == 1 }) { continue }
      if let constant = graph[input].constant {
        guard constant.elementCount <= 1 << 16, constant.dtype != .string else { return false }
        plan.edges.append((id, position))
        continue
      }
      guard shape.count == plan.order.count else { return false }
      if let producer = graph[input].producer, graph[producer].op is Transpose {
        guard graph[input].users.count == 1, !graph.isOutput(input) else { return false }
        plan.meetsTranspose = true
        plan.edges.append((id, position))
        continue
      }
      guard pull(input, through: &plan, graph) else { return false }
    }
    plan.nodes.append(id)
    return true
  }

  private mutating func apply(_ plan: Plan, _ graph: inout Graph) throws(Diagnostic) {
    for (node, position) in plan.edges {
      guard let old = graph[node].inputs[position] else { continue }
      if let constant = graph[old].constant {
        let shape = Array(repeating: 1, count: plan.order.count - constant.rank) + constant.shape
        let moved = try Transpose(permutation: plan.order).evaluate([try constant.reshaped(to: shape)])[0]
        graph.setInput(position, of: node, to: try graph.addConstant(graph.uniqueName("\(graph[old].name).transposed"), moved))
      } else if let producer = graph[old].producer, let first = Self.order(producer, graph),
        let source = graph[producer].inputs.first ?? nil
      {
        let moved = try transposed(source, plan.order.map { first[$0] }, before: node, [producer], &graph)
        graph.setInput(position, of: node, to: moved)
        loose.append(producer)
      }
    }
    for node in plan.nodes {
      guard let output = graph[node].outputs.first ?? nil, let type = graph[output].type?.tensor, let shape = type.shape else { continue }
      graph.setType(.tensor(TensorType(type.dtype, plan.order.map { shape[$0] })), of: output)
    }
  }

  // MARK: operands that are transposed alike

  private mutating func gather(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    let inputs = graph[id].inputs.compactMap { $0 }
    guard inputs.count == 2, graph[id].inputs.count == 2, graph[id].outputs.count == 1, inputs[0] != inputs[1],
      let output = graph[id].outputs.first ?? nil
    else { return }
    var sources: [ValueID] = []
    var replaced = [id]
    var orders: Set<[Int]> = []
    for input in inputs {
      guard let producer = graph[input].producer, let order = Self.order(producer, graph), graph[input].users.count == 1,
        !graph.isOutput(input), let source = graph[producer].inputs.first ?? nil
      else { return }
      orders.insert(order)
      sources.append(source)
      replaced.append(producer)
    }
    guard let order = orders.first, orders.count == 1 else { return }
    let result = try context.add(graph[id].op, sources, to: &graph, before: id, replacing: replaced)
    let moved = try transposed(result, order, before: id, replaced, &graph)
    try finish(id, output, by: moved, takingName: true, &graph)
  }

  // MARK: into Gemm

  private mutating func absorb(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    for position in 0..<2 {
      guard var op = graph[id].op as? Gemm, let input = graph[id].inputs[position], let producer = graph[input].producer,
        Self.order(producer, graph) == [1, 0], let source = graph[producer].inputs.first ?? nil
      else { continue }
      if position == 0 { op.transposesA.toggle() } else { op.transposesB.toggle() }
      graph.setInput(position, of: id, to: source)
      graph.setOperator(op, of: id)
      loose.append(producer)
      outcome.record(graph.describe(producer), .done)
    }
  }

  // MARK: between two Reshapes

  private mutating func unpack(_ id: NodeID, _ graph: inout Graph) throws(Diagnostic) {
    guard let middle = graph[id].inputs.first ?? nil, let transpose = graph[middle].producer, let order = Self.order(transpose, graph),
      let joined = graph[transpose].inputs.first ?? nil, let reshape = graph[joined].producer, graph[reshape].op is Reshape,
      let source = graph[reshape].inputs.first ?? nil, let output = graph[id].outputs.first ?? nil,
      let before = graph[source].type?.tensor?.shape, let between = graph[joined].type?.tensor?.shape,
      let after = graph[output].type?.tensor?.shape, let groups = Self.groups(of: before, in: between)
    else { return }
    let axes = order.flatMap { groups[$0] }
    guard axes.map({ before[$0] }) == after, !after.contains(.unknown) else { return }
    var (origin, moved, replaced) = (source, axes, [reshape, transpose, id])
    if let producer = graph[source].producer, let first = Self.order(producer, graph), let input = graph[producer].inputs.first ?? nil {
      (origin, moved) = (input, axes.map { first[$0] })
      replaced.insert(producer, at: 0)
    }
    try replace(id, output, by: origin, permuted: moved, replaced, &graph)
  }

  /// The axes of `shape` that each axis of `joined` is made of; nil if it is no joining of neighbours.
  private static func groups(of shape: Shape, in joined: Shape) -> [Range<Int>]? {
    var groups: [Range<Int>] = []
    var start = 0
    for (position, extent) in joined.enumerated() {
      guard extent != .unknown else { return nil }
      var (end, product) = (start, Dimension.known(1))
      while end < shape.count, product != extent || end == start {
        product = product * shape[end]
        end += 1
      }
      guard product == extent, end > start else { return nil }
      if position == joined.count - 1 {
        while end < shape.count, shape[end] == 1 { end += 1 }
      }
      groups.append(start..<end)
      start = end
    }
    return start == shape.count ? groups : nil
  }

  /// The order of axes of a Transpose; nil for another operator, or where the number of axes is not known.
  private static func order(_ id: NodeID, _ graph: Graph) -> [Int]? {
    guard let op = graph[id].op as? Transpose else { return nil }
    if let permutation = op.permutation { return permutation }
    guard let rank = (graph[id].inputs.first ?? nil).flatMap({ graph[$0].type?.tensor?.rank }) else { return nil }
    return Array((0..<rank).reversed())
  }
}
