import LatheIR
import LatheOperators
import LatheTensors

/// An axis class as a pass prunes it.
struct Structure {
  let axisClass: AxisClass
  let kind: StructureKind
  let extent: Int
  /// Obstacles that pruning answers for.
  let allowed: [AxisUse]
  /// Products with constant weights that sum over it, in the order of the graph.
  let readers: [Reader]
  /// Its slices of constants that hold numbers rather than extents.
  let weights: [AxisSlice]

  /// A product that sums over a structure.
  struct Reader {
    let node: NodeID
    let weights: ValueID
  }

  /// - Returns: nil for a class that slices no weights, whose extent is no number, or whose indices are numbers that the model is given.
  init?(_ axisClass: AxisClass, in graph: Graph) {
    guard let extent = axisClass.extent.known, extent > 1 else { return nil }
    weights = axisClass.slices.filter { graph.constant($0.value)?.dtype.isFloat == true }
    // Rows that are picked by number are a vocabulary's.
    guard !weights.isEmpty, !axisClass.uses.contains(where: { if case .lookedUp = $0 { true } else { false } }) else { return nil }
    (self.axisClass, self.extent) = (axisClass, extent)
    var readers: [Reader] = []
    for case .contracted(let node, let operand) in axisClass.uses {
      guard let weights = graph.weights(operand, of: node) else { continue }
      readers.append(Reader(node: node, weights: weights.value))
    }
    self.readers = readers
    kind = Self.kind(of: axisClass, weights, readers, graph)
    allowed = kind == .hidden ? axisClass.obstacles.filter { if case .normalized = $0 { true } else { false } } : []
  }

  private static func kind(_ use: AxisUse, _ graph: Graph) -> StructureKind? {
    switch use {
    case .normalized: return .hidden
    case .recurrent: return .units
    case .contracted(let node, _):
      if graph[node].op is Conv || graph[node].op is Convolution { return .channels }
      return graph[node].inputs.indices.contains { graph.weights($0, of: node) != nil } ? nil : .headFeatures
    default: return nil
    }
  }

  private static func kind(of axisClass: AxisClass, _ weights: [AxisSlice], _ readers: [Reader], _ graph: Graph) -> StructureKind {
    let kinds = Set(axisClass.uses.compactMap { kind($0, graph) })
    for kind in [StructureKind.units, .channels, .hidden, .headFeatures] where kinds.contains(kind) { return kind }
    // Channels that only a product reads, behind the last convolution.
    let makers = weights.flatMap { graph[$0.value].users }.map { graph[$0].op }
    if makers.contains(where: { $0 is Conv || $0 is Convolution }) { return .channels }
    if weights.contains(where: { !$0.repeats.isEmpty }) { return .headFeatures }
    return weights.contains { $0.block != 1 } ? .heads : .neurons
  }

  /// How many indices go where this share stays.
  func loss(at width: Double) -> Int { extent - max(1, Int((width * Double(extent)).rounded())) }

  /// The first of its weights, which stands for it in reports and files.
  func slice(in graph: Graph) -> AxisSlice { weights.first { graph[$0.value].users.count == 1 } ?? weights[0] }

  /// How people are told of it.
  func description(in graph: Graph) -> String {
    let slice = slice(in: graph)
    return "\(kind.rawValue) of @\(graph[slice.value].name)"
  }

  /// Parameters that go with an index.
  func parameters(in graph: Graph) -> Int {
    weights.reduce(0) { sum, slice in
      guard let shape = graph.constant(slice.value)?.shape, shape[slice.axis] > 0 else { return sum }
      return sum + shape.reduce(1, *) / shape[slice.axis] * (slice.places(of: 0)?.count ?? 1)
    }
  }
}

extension Graph {
  /// The constant that an operand is, or is turned from as a matrix.
  func weights(_ position: Int, of node: NodeID) -> (value: ValueID, isTurned: Bool)? {
    guard let operand = input(position, of: node) else { return nil }
    if constant(operand) != nil { return (operand, false) }
    guard let turn = source(operand), let transpose = self[turn].op as? Transpose, let value = input(0, of: turn), constant(value)?.rank == 2,
      transpose.permutation.map({ $0 == [1, 0] }) ?? true, self[operand].users.count == 1, !isOutput(operand)
    else { return nil }
    return (value, true)
  }

  /// Structures of these kinds, in the order of the graph, and why others of the kinds cannot be cut.
  func structures(of kinds: Set<StructureKind>, in classes: AxisClasses) -> (found: [Structure], refused: [(structure: Structure, reason: String)]) {
    var found: [Structure] = []
    var refused: [(Structure, String)] = []
    for axisClass in classes.all {
      guard let structure = Structure(axisClass, in: self), kinds.contains(structure.kind) else { continue }
      let answered = Set(structure.allowed)
      if let obstacle = axisClass.obstacles.first(where: { !answered.contains($0) }) {
        refused.append((structure, describe(obstacle)))
      } else if structure.readers.isEmpty && structure.kind != .headFeatures && structure.kind != .units {
        refused.append((structure, "no product with constant weights sums over it"))
      } else {
        found.append(structure)
      }
    }
    return (found, refused)
  }
}
