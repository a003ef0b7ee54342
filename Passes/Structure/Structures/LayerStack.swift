import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Layers of a graph: stretches of the same operators, one behind the other, between values through which everything goes.
struct LayerStack {
  /// A stretch of nodes.
  struct Layer {
    let start: ValueID
    let end: ValueID
  }

  /// In the order of the graph; empty where no stretch comes twice.
  let layers: [Layer]

  /// A place in the order of nodes behind which only one new value is asked for.
  private struct Waist {
    let value: ValueID
    /// Nodes up to it.
    let position: Int
    /// Values from before that are asked for behind it as well.
    let others: Set<ValueID>
  }

  init(_ graph: Graph) {
    let waists = Self.waists(of: graph)
    let stretches = zip(waists, waists.dropFirst()).map { first, second in
      let own = Self.dependents(of: first.value, among: graph.order[first.position..<second.position], graph).nodes
      return own.map { graph[$0].op.name.description }
    }
    var best = (start: 0, period: 0, count: 0)
    for period in 1..<max(2, stretches.count / 2 + 1) {
      for start in stretches.indices {
        var count = 1
        while start + (count + 1) * period <= stretches.count,
          (0..<period).allSatisfy({ stretches[start + count * period + $0] == stretches[start + $0] }) { count += 1 }
        if count > 1, count * period > best.count * best.period { best = (start, period, count) }
      }
    }
    layers = (0..<best.count).map { number in
      Layer(start: waists[best.start + number * best.period].value, end: waists[best.start + (number + 1) * best.period].value)
    }
  }

  /// Waists of the most frequent type, each asking for nothing from before that the one before it did not ask for.
  private static func waists(of graph: Graph) -> [Waist] {
    var last: [ValueID: Int] = [:]
    for (position, id) in graph.order.enumerated() {
      for operand in graph[id].operands where graph[operand].constant == nil { last[operand] = position }
    }
    for output in graph.outputs { last[output] = graph.order.count }
    var live = Set(graph.inputs.filter { last[$0] != nil })
    var found: [(waist: Waist, type: ValueType)] = []
    for input in graph.inputs where live.contains(input) {
      guard let type = graph[input].type, type.tensor?.dtype.isFloat == true else { continue }
      found.append((Waist(value: input, position: 0, others: live.subtracting([input])), type))
    }
    for (position, id) in graph.order.enumerated() {
      live.formUnion(graph[id].outputs.compactMap { $0 }.filter { last[$0] != nil })
      live = live.filter { (last[$0] ?? 0) > position }
      guard let value = graph.result(id), live.contains(value), let type = graph[value].type, type.tensor?.dtype.isFloat == true else { continue }
      found.append((Waist(value: value, position: position + 1, others: live.subtracting([value])), type))
    }
    var counts: [ValueType: Int] = [:]
    for (_, type) in found where type.tensor?.shape?.count ?? 0 > 1 { counts[type, default: 0] += 1 }
    // What later waists ask for beside themselves has nothing to do with the first: masks, whenever they are made.
    var best: [Waist] = []
    for (first, candidate) in found.enumerated() where counts[candidate.type] ?? 0 > best.count {
      let own = dependents(of: candidate.waist.value, among: graph.order[...], graph).values
      let run = found[first...].filter { $0.type == candidate.type && $0.waist.others.isDisjoint(with: own) }.map(\.waist)
      if run.count > best.count { best = run }
    }
    return best
  }

  /// Those of the nodes that need a value, in their order, and all values that do, itself included.
  private static func dependents(
    of value: ValueID, among nodes: ArraySlice<NodeID>, _ graph: Graph
  ) -> (nodes: [NodeID], values: Set<ValueID>) {
    var (found, values): ([NodeID], Set<ValueID>) = ([], [value])
    for id in nodes where graph[id].operands.contains(where: { values.contains($0) }) {
      found.append(id)
      values.formUnion(graph[id].outputs.compactMap { $0 })
    }
    return (found, values)
  }

  /// The graph without some of the layers.
  func dropping(_ gone: Set<Int>, from graph: Graph, _ context: PassContext) throws(Diagnostic) -> Graph {
    var result = graph
    // From the end, so that a layer's start is still what the layer before it makes.
    for number in gone.sorted(by: >) {
      let layer = layers[number]
      let producer = result[layer.end].producer
      var value = layer.start
      if result.isOutput(layer.end) { value = try context.add(Identity(), [value], to: &result, replacing: producer.map { [$0] } ?? [])[0] }
      try context.replace(layer.end, with: value, removing: producer.map { [$0] } ?? [], in: &result)
    }
    return result
  }
}
