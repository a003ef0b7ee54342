import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Everything in a graph that has an index for each token.
struct VocabularyAxis {
  /// Tokens.
  let size: Int
  /// Inputs that hold ids.
  let inputs: [ValueID]
  /// Ids that constants of the graph name.
  let constantIDs: [Int]
  /// Outputs with an index for each token, and where.
  let outputs: [(value: ValueID, axis: Int)]
  private let flows: [IDFlow]
  private let classes: AxisClasses
  /// What is cut together, with what is answered for.
  private let parts: [(part: AxisClass, allowed: [AxisUse])]

  /// - Parameters:
  ///   - size: tokens of the vocabulary; nil where there is none, and the largest table counts.
  ///   - least: tokens that there are at least.
  /// - Throws: `vocabulary/table` where no table of this size is looked up by an input, or the ids or the tables are used in a way that cannot be followed.
  init(size: Int?, least: Int, in graph: Graph) throws(Diagnostic) {
    let flows = graph.inputs.filter { graph[$0].type?.tensor?.dtype.isInteger == true }.map { IDFlow(of: $0, in: graph) }
    let rows = flows.flatMap { $0.lookUps.map(\.rows) }
    guard let size = size ?? rows.max(), rows.contains(size), size >= least else {
      let found = Set(rows).sorted().map { "\($0)" }
      throw Self.refusal(
        size.map { "no table of \($0) rows, one for each token of the vocabulary, is looked up by an input" } ?? "no table is looked up by an input",
        notes: found.isEmpty ? [] : ["tables that inputs look up have \(found.joined(separator: ", ")) rows"],
        fix: "give the model's own vocabulary, or counts by its own ids; a graph with its look-ups hidden may need --recipe fuse first")
    }
    let own = flows.filter { flow in flow.lookUps.contains { $0.rows == size } }
    for flow in own {
      if let obstacle = flow.obstacle { throw Self.refusal(obstacle, fix: "leave vocabulary/trim out for this model") }
      if let other = flow.lookUps.first(where: { $0.rows != size }) {
        throw Self.refusal("%\(graph[flow.input].name) looks up tables of \(size) and of \(other.rows) rows")
      }
    }
    (self.size, self.flows) = (size, own)
    inputs = own.map(\.input)
    constantIDs = own.flatMap(\.compared).flatMap { graph.constant($0)?.integers() ?? [] }.filter { (0..<size).contains($0) }
    classes = AxisClasses(graph)
    parts = try Self.parts(own, classes, graph)
    outputs = parts.flatMap(\.part.slices).filter { graph.isOutput($0.value) }.map { ($0.value, $0.axis) }
  }

  private static func parts(
    _ flows: [IDFlow], _ classes: AxisClasses, _ graph: Graph
  ) throws(Diagnostic) -> [(part: AxisClass, allowed: [AxisUse])] {
    var parts: [(part: AxisClass, allowed: [AxisUse])] = []
    let nodes = Set(flows.flatMap(\.lookUps).map(\.node))
    for lookUp in flows.flatMap(\.lookUps) {
      guard let part = classes.class(of: lookUp.table, axis: 0) else {
        throw refusal("the rows of @\(graph[lookUp.table].name) do not go together as one axis")
      }
      guard !parts.contains(where: { $0.part.id == part.id }) else { continue }
      var allowed: [AxisUse] = []
      for use in part.obstacles {
        switch use {
        case .lookedUp(let node, _, _) where nodes.contains(node): allowed.append(use)
        case .output: allowed.append(use)
        default: throw refusal("rows of @\(graph[lookUp.table].name) cannot be cut: \(graph.describe(use))")
        }
      }
      parts.append((part, allowed))
    }
    return parts
  }

  private static func refusal(_ message: String, notes: [String] = [], fix: String? = nil) -> Diagnostic {
    .invalid("vocabulary/table", message, at: Location(pass: Trim.id.rawValue), notes: notes, fix: fix)
  }

  /// The constants and outputs that are cut, for the ledger.
  func subjects(in graph: Graph) -> [String] {
    var seen: Set<ValueID> = []
    let values = parts.flatMap(\.part.slices).filter { seen.insert($0.value).inserted }
    return values.compactMap { slice in
      if graph.constant(slice.value) != nil { return "@\(graph[slice.value].name)" }
      return graph.isOutput(slice.value) ? "the output \(graph[slice.value].name)" : nil
    }
  }

  /// Cuts all tokens but some, and gives the constants that ids are compared with the ids behind.
  func cut(keeping kept: [Int], _ graph: inout Graph, _ context: PassContext) throws(Diagnostic) {
    try graph.cut(parts.map { AxisCut($0.part.id, keeping: kept, allowing: $0.allowed) }, of: classes)
    let ids = VocabularyCut(count: size, kept: kept, inputs: []).newIDs
    for value in Set(flows.flatMap(\.compared)).sorted(by: { $0.index < $1.index }) {
      guard let old = graph.constant(value), let numbers = old.integers() else { continue }
      let new = numbers.map { Int64(ids.indices.contains($0) ? ids[$0] ?? $0 : $0) }
      let tensor = try Cast(to: old.dtype).evaluate([try Tensor(new, shape: old.shape)])[0]
      let constant = try graph.addConstant(graph.uniqueName("\(graph[value].name).trimmed"), tensor)
      for id in graph[value].users where graph[id].op is Equal {
        for position in graph[id].inputs.indices where graph[id].inputs[position] == value && comparesIDs(id, position, graph) {
          graph.setInput(position, of: id, to: constant)
        }
      }
      if graph[value].users.isEmpty, !graph.isOutput(value) { graph.removeValue(value) }
    }
  }

  /// Whether the other operand of a comparison is ids of this vocabulary.
  private func comparesIDs(_ id: NodeID, _ position: Int, _ graph: Graph) -> Bool {
    guard let other = graph[id].inputs[1 - position] else { return false }
    return flows.contains { $0.values.contains(other) }
  }
}
