import LatheIR
import LatheOperators
import LatheTensors

/// A sum taken apart into look-ups in constant tables.
struct EmbeddingSum {
  /// One table, and what it is looked up by.
  struct Lookup {
    var table: ValueID
    /// nil where rows follow the position in the sequence.
    var ids: ValueID?
    /// Row of the first position, where there are no ids.
    var offset: Int?
  }

  /// The first is by ids of [batch, sequence], if any is.
  private(set) var lookups: [Lookup] = []
  /// Nodes of the sum and of the look-ups, readers first.
  private(set) var nodes: [NodeID] = []
  /// Why the sum is not one of look-ups only.
  private(set) var obstacle: String?
  private let graph: Graph

  init(of sum: ValueID?, in graph: Graph) {
    self.graph = graph
    var pending = [sum].compactMap { $0 }
    while let value = pending.popLast() {
      if let id = graph.source(value), graph[id].op is Add, graph.onlyUser(of: value) != nil, nodes.count < 32 {
        nodes.append(id)
        // Popped from the back, so the left term comes first.
        pending += [graph.input(1, of: id), graph.input(0, of: id)].compactMap { $0 }
      } else {
        take(value)
      }
    }
    if let first = lookups.firstIndex(where: { $0.ids.flatMap { graph.shape($0) }?.first != .known(1) && $0.ids != nil }) {
      lookups.insert(lookups.remove(at: first), at: 0)
    }
    checkIDs()
  }

  private mutating func take(_ value: ValueID) {
    guard let id = graph.source(value), graph[id].op is Gather || graph[id].op is Slice,
      let table = graph.input(0, of: id), graph.constant(table)?.rank == 2
    else {
      obstacle = obstacle ?? "%\(graph[value].name) in the sum is no look-up in a constant table"
      return
    }
    if graph.onlyUser(of: value) != nil { nodes.append(id) }
    if let gather = graph[id].op as? Gather, let ids = graph.input(1, of: id) {
      guard gather.axis == 0 || gather.axis == -2 else {
        obstacle = obstacle ?? "\(graph.describe(id)) looks up columns"
        return
      }
      let offset = PositionNumbers(graph: graph).first(ids)
      lookups.append(Lookup(table: table, ids: offset == nil ? ids : nil, offset: offset))
    } else if let start = PositionNumbers(graph: graph).sliceStart(id, axis: 0) {
      lookups.append(Lookup(table: table, ids: nil, offset: start))
    } else {
      obstacle = obstacle ?? "\(graph.describe(id)) does not cut the first rows off its table"
    }
  }

  /// Ids of [batch, sequence] say how long positions go; other ids must fit them.
  private mutating func checkIDs() {
    guard obstacle == nil, let ids = lookups.first?.ids, let tokens = graph.shape(ids) else {
      obstacle = obstacle ?? "the shape of the ids is not known"
      return
    }
    guard tokens.count == 2 else {
      obstacle = "the ids %\(graph[ids].name) do not have 2 axes"
      return
    }
    for lookup in lookups {
      if let own = lookup.ids {
        let fits = graph.shape(own).map { $0.count == 2 && ($0[1] == 1 || $0[1].isProvablyEqual(to: tokens[1])) } ?? false
        if !fits { obstacle = "the ids %\(graph[own].name) are not provably as long as %\(graph[ids].name)" }
      }
    }
    for position in positionExtents where !position.isProvablyEqual(to: tokens[1]) {
      obstacle = "there are \(position) positions for \(tokens[1]) ids"
    }
  }

  /// How many positions each table that is looked up by position gives.
  private var positionExtents: [Dimension] {
    nodes.compactMap { id in
      guard !(graph[id].op is Add), let value = graph.result(id), let shape = graph.shape(value), shape.count >= 2 else {
        return nil
      }
      let isByPosition = lookups.contains { $0.table == graph.input(0, of: id) && $0.ids == nil }
      return isByPosition ? shape[shape.count - 2] : nil
    }
  }
}

/// Tells values that count 0, 1, 2, … along their last axis, whatever their extent.
struct PositionNumbers {
  let graph: Graph

  /// The first number of a value that counts up by one along its last axis and is the same along all others; nil if it does not.
  func first(_ value: ValueID) -> Int? {
    if let constant = graph.constant(value) { return Self.start(constant) }
    guard let id = graph.source(value), let input = graph.input(0, of: id) else { return nil }
    switch graph[id].op {
    case is Slice:
      guard let rank = graph.shape(input)?.count, let start = sliceStart(id, axis: rank - 1), let own = first(input) else {
        return nil
      }
      return own + start
    case is Unsqueeze:
      guard let rank = graph.shape(value)?.count, let axes = graph.constant(graph.input(1, of: id))?.integers() else { return nil }
      return axes.allSatisfy { ($0 < 0 ? $0 + rank : $0) < rank - 1 } ? first(input) : nil
    case is Expand:
      guard let before = graph.shape(input)?.last, let after = graph.shape(value)?.last, before.isProvablyEqual(to: after)
      else { return nil }
      return first(input)
    case is Cast: return graph[value].type?.tensor?.dtype.isInteger == true ? first(input) : nil
    case is RangeOperator:
      let delta = graph.constant(graph.input(2, of: id))?.integers()
      guard delta == [1] else { return nil }
      return graph.constant(input)?.integers()?.first
    default: return nil
    }
  }

  /// Where a Slice starts that cuts one axis only, and there every entry up to some end; nil for others.
  func sliceStart(_ id: NodeID, axis: Int) -> Int? {
    guard let input = graph.input(0, of: id), let rank = graph.shape(input)?.count,
      let starts = graph.constant(graph.input(1, of: id))?.integers(),
      let axes = graph.input(3, of: id).map({ graph.constant($0)?.integers() }) ?? Array(0..<starts.count),
      axes.count == starts.count
    else { return nil }
    if let steps = graph.input(4, of: id), graph.constant(steps)?.integers()?.allSatisfy({ $0 == 1 }) != true { return nil }
    var start = 0
    for (position, given) in axes.enumerated() {
      let own = given < 0 ? given + rank : given
      guard starts[position] >= 0 else { return nil }
      if own == axis {
        start = starts[position]
      } else if starts[position] != 0 || graph.shape(input)?[own] != graph.shape(graph.result(id))?[own] {
        return nil
      }
    }
    return start
  }

  private static func start(_ tensor: Tensor) -> Int? {
    guard tensor.rank >= 1, tensor.elementCount > 1, tensor.elementCount <= 1 << 20, let numbers = tensor.integers(),
      let first = numbers.first, let extent = tensor.shape.last, first >= 0
    else { return nil }
    return numbers.enumerated().allSatisfy { $1 == first + $0 % extent } ? first : nil
  }
}
