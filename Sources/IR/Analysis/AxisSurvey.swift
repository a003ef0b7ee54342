import LatheDiagnostics
import LatheTensors

/// Goes through a graph, node by node, and joins the axes of its values as the operators' maps say.
struct AxisSurvey {
  private var graph: Graph
  /// Follows extents that are computed.
  private var inference = TypeInference()
  var union = AxisUnion()
  /// Axes of each value that was met, in atoms of `union`.
  private(set) var axes: [ValueID: [AxisMap.Axis]] = [:]
  /// Values in the order in which they are met.
  private(set) var values: [ValueID] = []
  /// The map of each node that tells one, and where its atoms begin in `union`.
  private(set) var maps: [NodeID: (map: AxisMap, base: Int)] = [:]
  /// What atoms mean to nodes, in the order of the nodes.
  private(set) var uses: [(atom: Int, use: AxisUse)] = []

  init(_ graph: Graph) {
    self.graph = graph
    for value in graph.inputs + graph.captures { mark(value, .input(value)) }
    for id in graph.order { visit(id) }
    for value in graph.outputs { mark(value, .output(value)) }
    for value in values { markOpen(value) }
  }

  private mutating func visit(_ id: NodeID) {
    // The types stay as they are; what inference has against them is not asked here.
    try? inference.visit(id, in: &graph)
    let node = graph[id]
    for capture in node.captures { mark(capture, .unmapped(id)) }
    guard let map = map(of: id) else {
      for value in node.inputs + node.outputs { mark(value, .unmapped(id)) }
      return
    }
    let base = union.add(map.atoms.map(\.extent))
    maps[id] = (map, base)
    for (position, input) in node.inputs.enumerated() {
      join(input, position < map.inputs.count ? map.inputs[position] : nil, base, id)
    }
    for (position, output) in node.outputs.enumerated() {
      join(output, position < map.outputs.count ? map.outputs[position] : nil, base, id)
    }
    for (atom, role) in map.atoms.map(\.role).enumerated() { addUses(of: atom, role, map, base, id) }
  }

  /// What the node's operator tells; nil if it tells nothing, or not all types are known.
  private func map(of id: NodeID) -> AxisMap? {
    let node = graph[id]
    guard let op = node.op as? any AxisMapping, let (operands, types) = inference.signature(of: node, in: graph) else { return nil }
    return op.axisMap(operands, types)
  }

  /// Joins the axes of a value with those that a node's map gives it.
  private mutating func join(_ value: ValueID?, _ parts: [AxisMap.Axis]?, _ base: Int, _ id: NodeID) {
    guard let value else { return }
    guard let parts, let own = axes(of: value), own.count == parts.count else { return mark(value, .unmapped(id)) }
    for (position, part) in parts.enumerated() {
      let shifted = part.map { $0.map { base + $0 } }
      if !union.join(own[position], shifted) {
        for atom in union.leaves(of: (own[position] + shifted).joined()) { uses.append((atom, .unmapped(id))) }
      }
      if let resolved = union.resolved(own[position]) { axes[value]?[position] = resolved }
    }
  }

  private mutating func addUses(of atom: Int, _ role: AxisMap.Role, _ map: AxisMap, _ base: Int, _ id: NodeID) {
    func operands() -> [Int] { map.inputs.indices.filter { map.inputs[$0]?.joined().joined().contains(atom) ?? false } }
    switch role {
    case .carried: break
    case .contracted: for operand in operands() { uses.append((base + atom, .contracted(id, operand: operand))) }
    case .recurrent(let operand, let axis): uses.append((base + atom, .recurrent(id, operand: operand, axis: axis)))
    case .lookedUp(let numbers):
      guard numbers < graph[id].inputs.count, let rows = graph[id].inputs[numbers] else {
        return uses.append((base + atom, .unmapped(id)))
      }
      for operand in operands() { uses.append((base + atom, .lookedUp(id, operand: operand, by: rows))) }
    case .normalized: uses.append((base + atom, .normalized(id)))
    case .fresh: uses.append((base + atom, .fresh(id)))
    }
  }

  /// Notes a use of all axes of a value.
  private mutating func mark(_ value: ValueID?, _ use: AxisUse) {
    guard let value, let axes = axes(of: value) else { return }
    for atom in Set(axes.joined().joined()).sorted() { uses.append((atom, use)) }
  }

  /// The axes of a value, which are atoms of their own when it is first met; nil where not even their number is known.
  private mutating func axes(of value: ValueID) -> [AxisMap.Axis]? {
    if let known = axes[value] { return known }
    guard let shape = graph[value].type?.tensor?.shape else { return nil }
    let own = shape.map { [[union.atom($0)]] }
    axes[value] = own
    values.append(value)
    return own
  }

  /// Notes the axes of a value whose extents are not those that its type tells, or that are in too many parts.
  private mutating func markOpen(_ value: ValueID) {
    for (axis, extent) in zip(axes[value] ?? [], graph[value].type?.tensor?.shape ?? []) {
      if union.isResolvable(axis), let parts = union.resolved(axis), union.extent(of: parts).isProvablyEqual(to: extent) { continue }
      for atom in union.leaves(of: axis.joined()) { uses.append((atom, .open(value))) }
    }
  }
}
