import LatheDiagnostics
import LatheTensors

/// One transaction of cuts: a copy of the graph on its way to being smaller.
struct AxisCutting {
  /// An operand of a node.
  private struct Place: Hashable {
    let node: NodeID
    let position: Int
  }

  private(set) var graph: Graph
  private let classes: AxisClasses
  private var union: AxisUnion
  /// Indices that stay, by free atom.
  private let kept: [Int: [Int]]
  /// What the types of values will be.
  private var expected: [ValueID: Shape] = [:]
  /// Constants that operands of nodes will be.
  private var operands: [Place: Tensor] = [:]
  private var extents: ComputedExtents

  init(_ graph: Graph, _ cuts: [AxisCut], _ classes: AxisClasses) throws(Diagnostic) {
    self.graph = graph
    self.classes = classes
    extents = ComputedExtents(graph)
    union = classes.union
    var byClass: [AxisClass.ID: [Int]] = [:]
    for cut in cuts {
      guard byClass.updateValue(cut.kept, forKey: cut.axisClass) == nil else {
        throw .invalid("axes/kept", "the axis class \(cut.axisClass.index) is to be cut twice at once")
      }
    }
    var kept: [Int: [Int]] = [:]
    for (atom, id) in classes.classOfAtom { kept[atom] = byClass[id] }
    self.kept = kept
    for value in Set(byClass.keys.flatMap { classes[$0].slices }.map(\.value)) { try expect(value) }
  }

  /// Works out the type that a value will have.
  private mutating func expect(_ value: ValueID) throws(Diagnostic) {
    guard var shape = graph[value].type?.tensor?.shape, let axes = classes.axes[value], axes.count == shape.count else {
      throw stale(value)
    }
    for (position, axis) in axes.enumerated() where isCut(axis) {
      guard extent(of: axis, isAfter: false).isProvablyEqual(to: shape[position]) else { throw stale(value) }
      shape[position] = extent(of: axis, isAfter: true)
    }
    expected[value] = shape
  }

  private func stale(_ value: ValueID) -> Diagnostic {
    Diagnostic(
      "axes/stale", .internalFault, "the axis classes are not of this graph: %\(graph[value].name) was another",
      at: Location(value: graph[value].name))
  }

  private func isCut(_ axis: AxisMap.Axis) -> Bool { union.leaves(of: axis.joined()).contains { kept[$0] != nil } }

  private mutating func extent(of axis: AxisMap.Axis, isAfter: Bool) -> Dimension {
    var sum = Dimension.known(0)
    for segment in union.resolved(axis) ?? [] {
      var product = Dimension.known(1)
      for atom in segment {
        if let parts = union.segments(of: atom) {
          product = product * extent(of: parts, isAfter: isAfter)
        } else if isAfter, let stay = kept[atom] {
          product = product * .known(stay.count)
        } else {
          product = product * union.extent(of: atom)
        }
      }
      sum = sum + product
    }
    return sum
  }

  /// Places along an axis that stay; nil if its extents are not numbers.
  private mutating func places(along axis: AxisMap.Axis) -> [Int]? {
    guard let extent = extent(of: axis, isAfter: false).known else { return nil }
    var stays = [Bool](repeating: true, count: extent)
    for (atom, layout) in AxisWalk.atoms(of: axis, in: &union) {
      guard let stay = kept[atom], let count = union.extent(of: atom).known else { continue }
      var isKept = [Bool](repeating: false, count: count)
      for index in stay { isKept[index] = true }
      for index in 0..<count where !isKept[index] {
        guard let gone = layout.places(of: index) else { return nil }
        for position in gone { stays[position] = false }
      }
    }
    return stays.indices.filter { stays[$0] }
  }
}

extension AxisCutting {
  /// Slices constants and defaults of inputs; what is computed loses its extents until inference tells them.
  mutating func sliceValues() throws(Diagnostic) {
    for (value, shape) in expected.sorted(by: { $0.key.index < $1.key.index }) {
      let (before, name) = (graph[value], graph[value].name)
      guard let type = before.type?.tensor, let axes = classes.axes[value] else { throw stale(value) }
      if let tensor = before.constant {
        graph.setConstant(try sliced(tensor, axes, name), of: value)
      } else if before.producer == nil {
        graph.setType(.tensor(TensorType(type.dtype, shape)), of: value)
        guard let tensor = before.defaultValue else { continue }
        graph[value].defaultValue = try sliced(tensor, axes, name)
      } else {
        let open = zip(axes, type.shape ?? []).map { isCut($0) ? .unknown : $1 }
        graph.setType(.tensor(TensorType(type.dtype, open)), of: value)
      }
    }
  }

  private mutating func sliced(_ tensor: Tensor, _ axes: [AxisMap.Axis], _ name: String) throws(Diagnostic) -> Tensor {
    var result = tensor
    for (position, axis) in axes.enumerated() where isCut(axis) {
      guard let places = places(along: axis), extent(of: axis, isAfter: false) == .known(tensor.shape[position]) else {
        throw .invalid(
          "axes/adaptation", "axis \(position) of %\(name) has parts whose extents are not known", at: Location(value: name))
      }
      result = try result.keeping(places, along: position)
    }
    return result
  }

  /// Counts the rows anew that constants pick from tables.
  mutating func renumberRows() throws(Diagnostic) {
    for id in graph.order {
      guard let (map, base) = classes.maps[id] else { continue }
      for (atom, role) in map.atoms.map(\.role).enumerated() {
        guard case .lookedUp(let position) = role, isCut([[base + atom]]), position < graph[id].inputs.count,
          let rows = graph[id].inputs[position], let numbers = graph[rows].constant
        else { continue }
        guard let places = places(along: [[base + atom]]), let extent = extent(of: [[base + atom]], isAfter: false).known else {
          throw unfit(id, "the rows of its table cannot be counted")
        }
        let renumbered = try renumbered(numbers, places, extent, id)
        operands[Place(node: id, position: position)] = renumbered
      }
    }
  }

  private func renumbered(_ numbers: Tensor, _ places: [Int], _ extent: Int, _ id: NodeID) throws(Diagnostic) -> Tensor {
    let positions = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
    var result: [Int64] = []
    for number in numbers.integers() ?? [] {
      guard let position = positions[number < 0 ? number + extent : number] else {
        throw .invalid(
          "axes/row-in-use", "\(graph.describe(id)) picks row \(number), which is to go", at: Location(node: graph.describe(id)))
      }
      result.append(Int64(position))
    }
    switch numbers.dtype {
    case .int64: return try Tensor(result, shape: numbers.shape)
    case .int32: return try Tensor(result.map { Int32(truncatingIfNeeded: $0) }, shape: numbers.shape)
    default: throw unfit(id, "row numbers of \(numbers.dtype) cannot be counted anew")
    }
  }

  /// Lets operators whose maps change follow with their attributes and constants.
  mutating func adaptNodes() throws(Diagnostic) {
    for id in graph.order {
      guard let (map, base) = classes.maps[id] else { continue }
      guard let op = graph[id].op as? any AxisMapping else { throw unfit(id, "it is another operator by now") }
      var changed = map
      for atom in map.atoms.indices where isCut([[base + atom]]) {
        changed.setExtent(extent(of: [[base + atom]], isAfter: true), of: atom)
      }
      guard changed.atoms != map.atoms else { continue }
      var given: [Tensor?] = []
      for (position, input) in graph[id].inputs.enumerated() {
        let known = operands[Place(node: id, position: position)] ?? graph.constant(input)
        given.append(known == nil ? try computed(input, position, map) : known)
      }
      try adapt(id, op, to: changed, given)
    }
  }

  /// What is known of a list of extents that is no constant; nil if the operand is none.
  private func computed(_ input: ValueID?, _ position: Int, _ map: AxisMap) throws(Diagnostic) -> Tensor? {
    guard position >= map.inputs.count || map.inputs[position] == nil, let input, let numbers = extents.numbers(input) else { return nil }
    return try Tensor(numbers.map { Int64($0) }, shape: [numbers.count])
  }

  private mutating func adapt(_ id: NodeID, _ op: any AxisMapping, to map: AxisMap, _ given: [Tensor?]) throws(Diagnostic) {
    let (adapted, inputs): (any Operator, [Tensor?])
    do {
      (adapted, inputs) = try op.adapted(to: map, inputs: given)
    } catch {
      throw error.located(in: Location(node: graph.describe(id)))
    }
    graph.setOperator(adapted, of: id)
    for (position, input) in inputs.enumerated() {
      guard let input, position >= given.count || given[position] != input else { continue }
      let place = Place(node: id, position: position)
      guard let old = source(place), graph[old].constant == nil, operands[place] == nil, let numbers = input.integers() else {
        operands[place] = input
        continue
      }
      // Where no list can be made, inference tells whether the one that is computed follows by itself.
      guard let list = try extents.list(like: old, numbers, for: id, in: &graph) else { continue }
      graph.setInput(position, of: id, to: list)
    }
  }

  private func unfit(_ id: NodeID, _ reason: String) -> Diagnostic {
    .invalid(
      "axes/adaptation", "\(graph.describe(id)) cannot follow the cut: \(reason)", at: Location(node: graph.describe(id)))
  }

  /// Gives nodes their new constants; one that others read as it was stays for those.
  mutating func replaceOperands() throws(Diagnostic) {
    var replaced: [(tensor: Tensor, places: [Place])] = []
    for (place, tensor) in operands.sorted(by: { ($0.key.node.index, $0.key.position) < ($1.key.node.index, $1.key.position) }) {
      if let same = replaced.firstIndex(where: { source($0.places[0]) == source(place) && $0.tensor == tensor }) {
        replaced[same].places.append(place)
      } else {
        replaced.append((tensor, [place]))
      }
    }
    for (tensor, places) in replaced {
      let source = source(places[0])
      if let source, graph[source].constant != nil, graph[source].users.count == places.count, !graph.isOutput(source) {
        graph.setConstant(tensor, of: source)
        continue
      }
      let base = source.map { graph[$0].name } ?? "\(graph[places[0].node].op.name.name.lowercased()).extents"
      let constant = try graph.addConstant(graph.uniqueName(base), tensor)
      for place in places { graph.setInput(place.position, of: place.node, to: constant) }
    }
    graph.removeUnread(extents.replaced)
  }

  private func source(_ place: Place) -> ValueID? {
    let inputs = graph[place.node].inputs
    return place.position < inputs.count ? inputs[place.position] : nil
  }

  /// Infers all types and holds them against what the classes tell.
  mutating func inferTypes() throws(Diagnostic) {
    let before = graph
    do {
      try graph.inferTypes()
    } catch {
      throw .invalid("axes/adaptation", "the graph does not fit the cut: \(error.message)", at: error.location, notes: error.notes)
    }
    for id in graph.order {
      for output in graph[id].outputs.compactMap({ $0 }) {
        let wanted = expected[output] ?? before[output].type?.tensor?.shape
        guard let wanted, let shape = graph[output].type?.tensor?.shape else { continue }
        let fits = shape.count == wanted.count && zip(shape, wanted).allSatisfy { $1 == .unknown || $0.isProvablyEqual(to: $1) }
        guard fits else {
          throw unfit(id, "%\(graph[output].name) would have the shape \(shape) rather than \(wanted)")
        }
      }
    }
  }
}
