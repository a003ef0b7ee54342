import LatheDiagnostics
import LatheIR
import LatheRuntime
import LatheSamples
import LatheTensors

/// Computes values of a graph on samples, again and again while the graph changes from its beginning to its end.
///
/// What was computed before the first change is kept where the rest of the graph will ask for it, so that a walk through a deep graph costs a few runs
/// rather than one for each layer.
struct ResumedRuns {
  /// Bytes of values that are kept at most; what lies beyond is computed anew.
  private static let maximumBytes = 256 << 20

  let limits: ResourceLimits
  let threads: Int
  /// The graph as it was last.
  private var last: Graph?
  /// Values of it, for each feed.
  private var kept: [ValueID: [Tensor]] = [:]

  init(limits: ResourceLimits, threads: Int) { (self.limits, self.threads) = (limits, threads) }

  /// Computes values for each feed.
  ///
  /// - Parameters:
  ///   - features: those of the values that come before the next change.
  ///   - body: is given the number of each feed and its values.
  /// - Throws: the runtime's diagnostics, and what `body` throws.
  mutating func run(
    _ graph: Graph, _ wanted: [ValueID], features: [ValueID], on feeds: [Feed], _ body: (Int, [ValueID: Tensor]) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    forgetChanged(in: graph)
    let boundary = needed(for: wanted, in: graph)
    let excerpt = try Excerpt(graph, wanted, from: boundary, features: features, limits: limits, threads: threads)
    let rest = Set(needed(for: graph.outputs, in: graph, besides: Set(excerpt.lasting)))
    kept = kept.filter { rest.contains($0.key) || boundary.contains($0.key) }
    var keeping = excerpt.lasting.filter { rest.contains($0) }
    var bytes = kept.values.joined().reduce(0) { $0 + $1.byteCount }
    var found: [ValueID: [Tensor]] = [:]
    for (number, feed) in feeds.enumerated() {
      let known = Dictionary(uniqueKeysWithValues: boundary.compactMap { value in kept[value].map { (value, $0[number]) } })
      let values = try excerpt.run(feed, known)
      try body(number, values)
      for value in keeping {
        guard let tensor = values[value] else { continue }
        found[value, default: []].append(tensor)
        bytes += tensor.byteCount
        guard bytes > Self.maximumBytes else { continue }
        // Half of a value's feeds is of no use.
        bytes -= found.removeValue(forKey: value)?.reduce(0) { $0 + $1.byteCount } ?? 0
        keeping.removeAll { $0 == value }
      }
    }
    kept = kept.filter { rest.contains($0.key) }.merging(found) { $1 }
    last = graph
  }

  /// Forgets what depends on nodes and constants that are no longer as they were.
  private mutating func forgetChanged(in graph: Graph) {
    guard let last else { return }
    var changed: Set<ValueID> = []
    for id in graph.order {
      let node = graph[id]
      let isSame = last.contains(id) && last[id].inputs == node.inputs && last[id].op.name == node.op.name
        && last[id].op.attributes == node.op.attributes
        && node.operands.allSatisfy { !changed.contains($0) && last.contains($0) && graph[$0].constant == last[$0].constant }
      if !isSame { changed.formUnion(node.outputs.compactMap { $0 }) }
    }
    kept = kept.filter { graph.contains($0.key) && !changed.contains($0.key) }
  }

  /// Kept values, and others that will be, at which a walk back from `values` ends.
  private func needed(for values: [ValueID], in graph: Graph, besides others: Set<ValueID> = []) -> [ValueID] {
    var (seen, result, waiting) = (Set(values), [ValueID](), values)
    while let value = waiting.popLast() {
      if kept[value] != nil || others.contains(value) {
        result.append(value)
        continue
      }
      for operand in graph.producer(of: value)?.operands ?? [] where seen.insert(operand).inserted { waiting.append(operand) }
    }
    return result.sorted { $0.index < $1.index }
  }
}

/// As much of a graph as lies between known values and wanted ones.
private struct Excerpt {
  private let runtime: Runtime
  private let inputs: Set<String>
  /// Names that known values have as inputs.
  private let names: [ValueID: String]
  /// What is computed, and where it lies in the graph of the runtime.
  private let computed: [ValueID]
  /// Wanted values that are known.
  private let known: [ValueID]
  /// Values that nodes outside of the excerpt ask for.
  let lasting: [ValueID]

  init(_ graph: Graph, _ wanted: [ValueID], from boundary: [ValueID], features: [ValueID], limits: ResourceLimits, threads: Int) throws(Diagnostic) {
    let nodes = Self.nodes(for: wanted, from: Set(boundary), graph)
    let border = Set(boundary)
    known = wanted.filter { border.contains($0) }
    var lasting: [ValueID] = []
    for id in nodes.sorted(by: { $0.index < $1.index }) {
      for value in graph[id].outputs.compactMap({ $0 }) where graph[value].users.contains(where: { !nodes.contains($0) }) { lasting.append(value) }
    }
    let widest = wanted.filter { !features.contains($0) }.compactMap { graph[$0].type?.tensor?.shape?.last?.known }.max() ?? 0
    for value in features where !border.contains(value) && !lasting.contains(value) {
      if let width = graph[value].type?.tensor?.shape?.last?.known, width <= widest { lasting.append(value) }
    }
    self.lasting = lasting
    var seen = border
    computed = (wanted + lasting).filter { seen.insert($0).inserted }
    var excerpt = graph
    var names: [ValueID: String] = [:]
    for value in boundary {
      let name = excerpt.uniqueName("resumed")
      excerpt.replaceAllUses(of: value, with: try excerpt.addInput(name, type: graph[value].type))
      names[value] = name
    }
    self.names = names
    excerpt.setOutputs(computed)
    excerpt.removeUnread(excerpt.order)
    inputs = Set(excerpt.inputs.map { excerpt[$0].name })
    runtime = try Runtime(excerpt, limits: limits, threads: threads)
  }

  private static func nodes(for wanted: [ValueID], from border: Set<ValueID>, _ graph: Graph) -> Set<NodeID> {
    var (nodes, waiting) = (Set<NodeID>(), wanted)
    while let value = waiting.popLast() {
      guard !border.contains(value), let id = graph[value].producer, nodes.insert(id).inserted else { continue }
      waiting += graph[id].operands
    }
    return nodes
  }

  func run(_ feed: Feed, _ given: [ValueID: Tensor]) throws(Diagnostic) -> [ValueID: Tensor] {
    var tensors = feed.restricted(to: inputs).inputs
    for (value, name) in names { tensors[name] = given[value] }
    var values = Dictionary(uniqueKeysWithValues: zip(computed, try runtime.run(tensors)))
    for value in known { values[value] = given[value] }
    return values
  }
}
