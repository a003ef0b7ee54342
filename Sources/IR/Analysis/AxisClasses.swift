import LatheTensors

/// The index spaces of a graph: which axes of which values run over the same indices, from one operator to the next.
///
/// They are of the graph as it was; after a change, a cut included, they are made anew. Graphs inside of operators are not looked into: what
/// those capture counts as unmapped.
public struct AxisClasses: Sendable {
  /// All classes of more than one index, in the order in which the inputs and then the nodes' operands and results show them.
  public private(set) var all: [AxisClass] = []
  /// What the axes of each value are made of.
  private var slices: [ValueID: [[AxisSlice]]] = [:]
  /// The map of each node that tells one, and where its atoms begin in `union`.
  let maps: [NodeID: (map: AxisMap, base: Int)]
  /// Axes of each value in atoms of `union`.
  let axes: [ValueID: [AxisMap.Axis]]
  private(set) var union: AxisUnion
  /// Class of each free atom that a value shows.
  private(set) var classOfAtom: [Int: AxisClass.ID] = [:]

  /// - Parameter graph: with inferred types.
  public init(_ graph: Graph) {
    let survey = AxisSurvey(graph)
    (maps, axes, union) = (survey.maps, survey.axes, survey.union)
    for value in survey.values { slices[value] = show(value, survey.axes[value] ?? []) }
    addUses(survey.uses, graph)
  }

  public subscript(id: AxisClass.ID) -> AxisClass { all[id.index] }

  /// The class that an axis consists of; nil where it has one index only, or is made of several.
  public func `class`(of value: ValueID, axis: Int) -> AxisClass? {
    guard let axes = slices[value], axes.indices.contains(axis), axes[axis].count == 1, let only = axes[axis].first else { return nil }
    return self[only.axisClass]
  }

  /// What each axis of a value is made of: a slice for each time that a class occurs in it, in the order of their places, the outer factor of a
  /// product before the inner; empty for an axis of extent 1.
  public func slices(of value: ValueID) -> [[AxisSlice]] { slices[value] ?? [] }

  private mutating func show(_ value: ValueID, _ axes: [AxisMap.Axis]) -> [[AxisSlice]] {
    axes.enumerated().map { position, axis in
      AxisWalk.atoms(of: axis, in: &union).map { atom, layout in
        let id = classID(of: atom)
        let slice = AxisSlice(axisClass: id, value: value, axis: position, layout: layout)
        all[id.index].slices.append(slice)
        return slice
      }
    }
  }

  private mutating func classID(of atom: Int) -> AxisClass.ID {
    if let known = classOfAtom[atom] { return known }
    let id = AxisClass.ID(all.count)
    classOfAtom[atom] = id
    all.append(AxisClass(id: id, extent: union.extent(of: atom)))
    return id
  }

  private mutating func addUses(_ uses: [(atom: Int, use: AxisUse)], _ graph: Graph) {
    var seen: [AxisClass.ID: Set<AxisUse>] = [:]
    for (atom, use) in uses {
      for leaf in union.leaves(of: [atom]) {
        guard let id = classOfAtom[leaf], seen[id, default: []].insert(use).inserted else { continue }
        all[id.index].uses.append(use)
        if graph.forbidsCut(use) { all[id.index].obstacles.append(use) }
      }
    }
  }
}

extension Graph {
  /// Whether a cut is not exact there for all that the graph tells.
  fileprivate func forbidsCut(_ use: AxisUse) -> Bool {
    switch use {
    case .contracted, .recurrent: false
    case .lookedUp(_, _, let rows): self[rows].constant == nil
    case .normalized, .fresh, .unmapped, .input, .output, .open: true
    }
  }
}
