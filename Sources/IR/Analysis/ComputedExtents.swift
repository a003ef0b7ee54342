import LatheDiagnostics
import LatheTensors

/// Lists of extents that a graph computes, such as the target of a Reshape behind Concat, as far as shape arithmetic can follow them.
struct ComputedExtents {
  private var inference = TypeInference()
  /// The graph as it was, with its types.
  private var graph: Graph
  /// Lists that tell other extents, by the list that they stand for.
  private var changed: [Key: ValueID] = [:]
  /// Nodes that computed a list which others stand for now.
  private(set) var replaced: Set<NodeID> = []

  private struct Key: Hashable {
    let value: ValueID
    let numbers: [Int]
  }

  init(_ graph: Graph) {
    self.graph = graph
    // What inference has against the graph is told when it is inferred again.
    for id in graph.order { try? inference.visit(id, in: &self.graph) }
  }

  /// Numbers in a list of integers that a node computes, with 0 where they are not known; nil if it is no such list.
  func numbers(_ value: ValueID) -> [Int]? {
    let type = graph[value].type?.tensor
    guard graph[value].constant == nil, graph[value].producer != nil, type?.dtype == .int64, type?.rank == 1 else { return nil }
    return inference.operand(value, in: graph)?.elements?.map { $0.known ?? 0 }
  }

  /// A list like the one in a value with other numbers, which is computed like that one from other constants; nil if the numbers do not come from
  /// constants of the node that computes the list.
  mutating func list(like value: ValueID, _ numbers: [Int], for reader: NodeID, in target: inout Graph) throws(Diagnostic) -> ValueID? {
    if let known = changed[Key(value: value, numbers: numbers)], target.precedes(known, reader) { return known }
    guard let old = self.numbers(value), old.count == numbers.count, let producer = graph[value].producer,
      let op = graph[producer].op as? any ShapeArithmetic, graph[producer].outputs.compactMap({ $0 }).count == 1
    else { return nil }
    var inputs = target[producer].inputs
    let operands = graph[producer].inputs.map { $0.flatMap { inference.operand($0, in: graph) } }
    var constants = operands.map { $0?.constant?.integers() }
    for place in old.indices where old[place] != numbers[place] {
      guard let source = Self.source(of: place, op, operands) else { return nil }
      constants[source.operand]?[source.index] = numbers[place]
    }
    for (position, integers) in constants.enumerated() {
      guard let integers, integers != operands[position]?.constant?.integers(), let input = inputs[position],
        let shape = operands[position]?.constant?.shape, operands[position]?.constant?.dtype == .int64
      else { continue }
      let tensor = try Tensor(integers.map { Int64($0) }, shape: shape)
      inputs[position] = try target.addConstant(target.uniqueName(target[input].name), tensor)
    }
    let node = target[producer]
    let name = target.uniqueName(target[value].name)
    let id = try target.addNode(
      node.op, inputs: inputs, outputs: [name], name: node.name, provenance: node.provenance, before: reader)
    guard let result = target[id].outputs[0] else { return nil }
    changed[Key(value: value, numbers: numbers)] = result
    replaced.insert(producer)
    return result
  }

  /// The constant, and the place in it, that an element of a result is a copy of: found by putting a symbol there.
  private static func source(of place: Int, _ op: any ShapeArithmetic, _ operands: [Operand?]) -> (operand: Int, index: Int)? {
    let mark = Dimension.symbol("the extent that changes")
    for (position, operand) in operands.enumerated() {
      guard let operand, let integers = operand.constant?.integers(), integers.count <= Operand.maximumElements else { continue }
      for index in integers.indices {
        var elements = integers.map { Dimension.known($0) }
        elements[index] = mark
        var marked = operands
        marked[position] = Operand(type: operand.type, elements: elements)
        guard let result = op.elements(marked).first, let list = result, place < list.count, list[place] == mark else { continue }
        return (position, index)
      }
    }
    return nil
  }
}

extension Graph {
  /// Whether a value is there before a node runs.
  fileprivate func precedes(_ value: ValueID, _ reader: NodeID) -> Bool {
    guard let producer = self[value].producer, let own = order.firstIndex(of: producer), let other = order.firstIndex(of: reader) else {
      return false
    }
    return own < other
  }
}
