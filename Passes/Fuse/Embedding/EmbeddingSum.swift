import LatheIR
import LatheOperators
import LatheTensors

/// A sum taken apart into look-ups in constant tables.
struct EmbeddingSum {
  /// What says which rows of a table are looked up.
  enum Rows: Equatable {
    /// Ids of [batch, sequence], or of an extent of 1 in the place of either.
    case ids(ValueID)
    /// Rows from this one on follow the position in the sequence.
    case positions(from: Int)
    /// One row for all.
    case one(Int)
  }

  /// One table, and what it is looked up by; a constant that is added to every place is a table of one row.
  struct Lookup {
    var table: ValueID
    var rows: Rows
  }

  /// The first is by ids of [batch, sequence], if any is.
  private(set) var lookups: [Lookup] = []
  /// Nodes of the sum and of the look-ups, readers first.
  private(set) var nodes: [NodeID] = []
  /// Why the sum is not one of look-ups only.
  private(set) var obstacle: String?
  private let graph: Graph
  /// How many positions the tables that are looked up by position give.
  private var positionExtents: [(extent: Dimension, rows: Int)] = []

  init(of sum: ValueID?, in graph: Graph, _ analysis: inout AffineAnalysis) {
    self.graph = graph
    var pending = [sum].compactMap { $0 }
    while let value = pending.popLast() {
      if let id = graph.source(value), graph[id].op is Add, graph.onlyUser(of: value) != nil, nodes.count < 32 {
        nodes.append(id)
        // Popped from the back, so the left term comes first.
        pending += [graph.input(1, of: id), graph.input(0, of: id)].compactMap { $0 }
      } else {
        take(value, &analysis)
      }
    }
    if let first = lookups.firstIndex(where: isByToken) { lookups.insert(lookups.remove(at: first), at: 0) }
    check()
  }

  /// Whether any term is a look-up by ids.
  var hasLookups: Bool { lookups.contains { if case .one = $0.rows { false } else { true } } }

  private func isByToken(_ lookup: Lookup) -> Bool {
    guard case .ids(let ids) = lookup.rows, let shape = graph.shape(ids), shape.count == 2 else { return false }
    return shape[0] != 1
  }

  private mutating func take(_ value: ValueID, _ analysis: inout AffineAnalysis) {
    if let row = graph.constant(value), let extent = row.shape.last, row.elementCount == extent {
      lookups.append(Lookup(table: value, rows: .one(0)))
      return
    }
    guard let id = graph.source(value), graph[id].op is Gather || graph[id].op is Slice,
      let table = graph.input(0, of: id), let shape = graph.constant(table)?.shape, shape.count == 2
    else {
      obstacle = obstacle ?? "%\(graph[value].name) in the sum is no look-up in a constant table"
      return
    }
    if graph.onlyUser(of: value) != nil { nodes.append(id) }
    guard let rows = rows(id, &analysis) else {
      obstacle = obstacle ?? "\(graph.describe(id)) does not look up whole rows from a known one on"
      return
    }
    lookups.append(Lookup(table: table, rows: rows))
    if case .positions = rows, let result = graph.shape(value), result.count >= 2 {
      positionExtents.append((result[result.count - 2], shape[0]))
    }
  }

  private func rows(_ id: NodeID, _ analysis: inout AffineAnalysis) -> Rows? {
    guard let gather = graph[id].op as? Gather, let ids = graph.input(1, of: id) else {
      return slicedRows(id).map { .positions(from: $0) }
    }
    guard gather.axis == 0 || gather.axis == -2 else { return nil }
    guard let indices = analysis.indices(ids), let first = indices.offset.known, first >= 0 else { return .ids(ids) }
    let steps = zip(indices.shape, indices.coefficients).map { $0 == 1 ? 0 : $1 }
    guard steps.dropLast().allSatisfy({ $0 == 0 }) else { return .ids(ids) }
    if steps.last == 0 { return .one(first) }
    return steps.last == 1 ? .positions(from: first) : .ids(ids)
  }

  /// The first row of a Slice that cuts rows only, one after another.
  private func slicedRows(_ id: NodeID) -> Int? {
    guard let starts = graph.constant(graph.input(1, of: id))?.integers(), starts.count == 1, starts[0] >= 0,
      graph.input(3, of: id) == nil || graph.constant(graph.input(3, of: id))?.integers() == [0],
      graph.input(4, of: id) == nil || graph.constant(graph.input(4, of: id))?.integers() == [1]
    else { return nil }
    return starts[0]
  }

  /// Ids of [batch, sequence] say how long positions go; what else is looked up must fit them.
  private mutating func check() {
    guard obstacle == nil else { return }
    guard let first = lookups.first, isByToken(first), case .ids(let ids) = first.rows, let tokens = graph.shape(ids) else {
      obstacle = "no table is looked up by ids of [batch, sequence]"
      return
    }
    for lookup in lookups.dropFirst() {
      guard case .ids(let own) = lookup.rows else { continue }
      let shape = graph.shape(own) ?? []
      let fits = shape.count == 2 && zip(shape, tokens).allSatisfy { $0 == 1 || $0.isProvablyEqual(to: $1) }
      if !fits { obstacle = "the ids %\(graph[own].name) do not provably have the shape of %\(graph[ids].name)" }
    }
    for (extent, rows) in positionExtents {
      // Beyond the last row the original cannot be added up either.
      let fits = extent.isProvablyEqual(to: tokens[1]) || extent == Dimension.minimum(.known(rows), tokens[1])
      if !fits { obstacle = "there are \(extent) positions for \(tokens[1]) ids" }
    }
  }
}
