import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes one of two neighbours that only give elements another shape, or none where the second undoes the first.
///
/// ```
/// %a = Unsqueeze(%x, [1])      →    %b = Unsqueeze(%x, [1, 2])
/// %b = Unsqueeze(%a, [2])
/// ```
/// Reshape, Flatten, Squeeze and Unsqueeze take part. A pair that becomes a Reshape needs a constant target: extents that are known, 0 for
/// those that are the operand's own, and at most one −1.
public struct MergeReshapes: Pass {
  public static let id: PassID = "simplify/merge-reshapes"
  public static let summary = "makes one Reshape of several in a row"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var loose: [NodeID] = []
    for id in graph.order where isReshaping(graph[id].op) {
      guard let middle = graph[id].inputs.first ?? nil, let first = graph[middle].producer, isReshaping(graph[first].op),
        let source = graph[first].inputs.first ?? nil, let output = graph[id].outputs.first ?? nil
      else { continue }
      let description = graph.describe(id)
      let replacement: ValueID
      switch plan(first, id, source, output, graph) {
      case .declined(let reason):
        outcome.record(description, .declined(reason))
        continue
      case .source: replacement = source
      case .operation(let op, let numbers):
        let operand = try graph.addConstant(
          graph.uniqueName("\(graph[output].name).\(op is Reshape ? "shape" : "axes")"),
          try Tensor(numbers.map { Int64($0) }, shape: [numbers.count]))
        replacement = try context.add(op, [source, operand], to: &graph, before: id, replacing: [first, id])
      }
      if let reason = try context.substitute(replacement, for: output, takingName: replacement != source, in: &graph) {
        outcome.record(description, .declined(reason))
        continue
      }
      loose.append(id)
      outcome.record(description, .done)
    }
    context.removeUnread(loose, in: &graph)
    return outcome
  }

  private enum Plan {
    /// The second undoes the first.
    case source
    /// One operator with a constant operand does what both do.
    case operation(any Operator, [Int])
    case declined(String)
  }

  private func isReshaping(_ op: any Operator) -> Bool {
    op is Reshape || op is Flatten || op is Squeeze || op is Unsqueeze
  }

  private func plan(_ first: NodeID, _ second: NodeID, _ source: ValueID, _ output: ValueID, _ graph: Graph) -> Plan {
    guard let before = graph[source].type?.tensor?.shape, let after = graph[output].type?.tensor?.shape else {
      return .declined("the number of axes is not known")
    }
    if before == after, !before.contains(.unknown) { return .source }
    if let axes = combinedAxes(first, second, rank: (before.count, after.count), graph) {
      return .operation(graph[second].op, axes)
    }
    guard graph[first].outputs.allSatisfy({ $0.map { graph[$0].users.count == 1 && !graph.isOutput($0) } ?? true }) else {
      return .declined("the shape between is read by others")
    }
    guard let target = target(before, after) else {
      return .declined("more than one extent of the result is neither known nor the operand's own")
    }
    return .operation(Reshape(), target)
  }

  private func target(_ before: Shape, _ after: Shape) -> [Int]? {
    var numbers: [Int] = []
    for (axis, extent) in after.enumerated() {
      if let number = extent.known {
        guard number > 0 else { return nil }
        numbers.append(number)
      } else {
        numbers.append(axis < before.count && extent.isProvablyEqual(to: before[axis]) ? 0 : -1)
      }
    }
    return numbers.count { $0 == -1 } <= 1 ? numbers : nil
  }

  /// Axes of one Unsqueeze or Squeeze that does what two in a row do.
  private func combinedAxes(_ first: NodeID, _ second: NodeID, rank: (before: Int, after: Int), _ graph: Graph) -> [Int]? {
    let (isAdding, isRemoving) = (
      graph[first].op is Unsqueeze && graph[second].op is Unsqueeze, graph[first].op is Squeeze && graph[second].op is Squeeze
    )
    guard isAdding || isRemoving, let inner = axes(first, graph), let outer = axes(second, graph) else { return nil }
    let middle = isAdding ? rank.before + inner.count : rank.before - inner.count
    let total = max(rank.before, rank.after)
    let counted = { (axis: Int, rank: Int) in axis < 0 ? axis + rank : axis }
    // The axes of the operator at the larger end are final; those of the other count among what it leaves.
    let near = (isAdding ? outer : inner).map { counted($0, total) }
    let far = (isAdding ? inner : outer).map { counted($0, middle) }
    let left = (0..<total).filter { !near.contains($0) }
    guard far.allSatisfy(left.indices.contains) else { return nil }
    return (near + far.map { left[$0] }).sorted()
  }

  private func axes(_ id: NodeID, _ graph: Graph) -> [Int]? {
    guard graph[id].inputs.count == 2 else { return nil }
    return graph.constant(graph[id].inputs[1])?.integers()
  }
}
