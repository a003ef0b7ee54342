import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Turns a Gather whose places count through a whole tensor in order, and chains of reshapes, into an Unsqueeze or a Squeeze of their source.
///
/// ```
/// %flat = Reshape(%mask, [-1])                          →    %y = Unsqueeze(%mask, [1, 2])
/// %place = Add(Mul(%row, %columns), %column)
/// %y = Gather(%flat, %place) : bool[batch, 1, 1, sequence]
/// ```
/// Recent exporters write masks that look one element up for each place in this way.
public struct ResolveIndices: Pass {
  public static let id: PassID = "simplify/resolve-indices"
  public static let summary = "look-ups of every element in order become changes of shape"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var analysis = AffineAnalysis(graph)
    for id in graph.order where graph.contains(id) && (graph[id].op is Gather || graph[id].op is GatherND) {
      let description = graph.describe(id)
      guard let value = graph.result(id), readsInOrder(id, graph, &analysis) else {
        outcome.record(description, .notApplicable)
        continue
      }
      let end = lastOfChain(value, graph)
      guard let source = source(of: end, graph) else {
        outcome.record(description, .declined("what it reads in order has another shape from where it comes"))
        continue
      }
      guard !graph.isOutput(end) else {
        outcome.record(description, .declined("it is an output of the graph"))
        continue
      }
      try replace(end, with: source, id, &graph, context)
      outcome.record(description, .done)
    }
    return outcome
  }

  /// Whether the node's places are 0, 1, 2, … through all of its data.
  private func readsInOrder(_ id: NodeID, _ graph: Graph, _ analysis: inout AffineAnalysis) -> Bool {
    if let gather = graph[id].op as? GatherND { return readsInOrder(gather, id, graph, &analysis) }
    guard let gather = graph[id].op as? Gather, gather.axis == 0, let data = graph.shape(graph.input(0, of: id)),
      let places = graph.input(1, of: id), let indices = analysis.indices(places), indices.countsRowMajor
    else { return false }
    guard let rows = data.first else { return false }
    return indices.shape.reduce(.known(1), *).isProvablyEqual(to: rows)
  }

  /// Whether the node's tuples of places, joined from one number for each leading axis, go through all of the data in row-major order.
  private func readsInOrder(_ op: GatherND, _ id: NodeID, _ graph: Graph, _ analysis: inout AffineAnalysis) -> Bool {
    guard op.batchAxes == 0, let data = graph.shape(graph.input(0, of: id)), let tuples = graph.input(1, of: id),
      let joint = graph.source(tuples), let concat = graph[joint].op as? Concat, let rank = graph.shape(tuples)?.count,
      concat.axis == -1 || concat.axis == rank - 1, graph[joint].inputs.count <= data.count
    else { return false }
    var sum: AffineIndices?
    for (axis, part) in graph[joint].inputs.enumerated() {
      guard let part, let indices = analysis.indices(part), indices.shape.last == 1 else { return false }
      let stride = data[(axis + 1)..<graph[joint].inputs.count].reduce(.known(1), *)
      let coefficients = indices.coefficients.dropLast().map { $0 * stride }
      let own = AffineIndices(
        shape: Array(indices.shape.dropLast()), coefficients: Array(coefficients), offset: indices.offset * stride)
      sum = sum.map { $0.adding(own) } ?? own
    }
    let extent = data[..<graph[joint].inputs.count].reduce(.known(1), *)
    guard let sum, sum.countsRowMajor else { return false }
    return sum.shape.reduce(.known(1), *).isProvablyEqual(to: extent)
  }

  /// The furthest value that only reshapes lead to.
  private func lastOfChain(_ value: ValueID, _ graph: Graph) -> ValueID {
    var value = value
    while let next = graph.onlyUser(of: value), isReshape(next, graph), graph.input(0, of: next) == value, let output = graph.result(next) {
      value = output
    }
    return value
  }

  /// A value before the node that reads in order, and before reshapes, whose extents apart from 1 are those of `end`.
  private func source(of end: ValueID, _ graph: Graph) -> ValueID? {
    guard let wanted = graph.shape(end)?.filter({ $0 != 1 }) else { return nil }
    var (value, isBefore) = (end, false)
    while let id = graph.source(value), let input = graph.input(0, of: id) {
      if !isReshape(id, graph) {
        guard graph[id].op is Gather || graph[id].op is GatherND, !isBefore else { return nil }
        isBefore = true
      }
      value = input
      if isBefore, graph.shape(value)?.filter({ $0 != 1 }).isProvablyEqual(to: wanted) == true { return value }
    }
    return nil
  }

  private func isReshape(_ id: NodeID, _ graph: Graph) -> Bool {
    switch graph[id].op {
    case is Reshape, is Flatten, is Unsqueeze, is Squeeze, is Identity: true
    default: false
    }
  }

  private func replace(
    _ end: ValueID, with source: ValueID, _ id: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) {
    guard let before = graph.shape(source), let after = graph.shape(end), let last = graph[end].producer else { return }
    var value = source
    let ones = before.indices.filter { before[$0] == 1 }
    if !ones.isEmpty {
      let axes = try graph.addConstant(graph.uniqueName("axes"), try Tensor(ones.map { Int64($0) }, shape: [ones.count]))
      value = try context.add(Squeeze(), [value, axes], to: &graph, replacing: [last, id])[0]
    }
    let added = after.indices.filter { after[$0] == 1 }
    if !added.isEmpty {
      let axes = try graph.addConstant(graph.uniqueName("axes"), try Tensor(added.map { Int64($0) }, shape: [added.count]))
      value = try context.add(Unsqueeze(), [value, axes], to: &graph, replacing: [last, id])[0]
    }
    try context.replace(end, with: value, removing: [last, id], in: &graph)
  }
}
