import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Makes the plan for inputs of one set of types.
struct Planner {
  private let graph: Graph
  private let limits: ResourceLimits
  private let threads: Int
  private let inputs: [ValueType]
  private var types: [StaticType?]
  private let positions: [NodeID: Int]
  private var kernels: [(any Kernel)?] = []
  /// For each node in order: whether it only shows an operand's memory under another shape.
  private var views: [Bool] = []
  /// For each node in order: whether its types are known only when it runs.
  private var dynamic: [Bool] = []
  /// For each value, the one in whose memory it lies: itself, the operand it is a view of, or the operand it replaces.
  private var roots: [ValueID]
  private var isNeeded: [Bool]

  /// The plan for a graph on inputs of the given types.
  ///
  /// - Throws: what inference throws for inputs that do not fit each other, and `limit/…`.
  static func plan(
    _ graph: Graph, inputs: [ValueType], library: KernelLibrary, threads: Int, limits: ResourceLimits
  ) throws(Diagnostic) -> Plan {
    var planner = try Planner(graph, inputs, threads, limits)
    try planner.chooseKernels(library)
    planner.findNeeded()
    planner.shareMemory()
    return try planner.laidOut()
  }

  private init(_ source: Graph, _ inputs: [ValueType], _ threads: Int, _ limits: ResourceLimits) throws(Diagnostic) {
    var graph = source
    for (id, type) in zip(graph.inputs, inputs) { graph.setType(type, of: id) }
    try graph.inferTypes()
    let count = (graph.valueIDsInOrder.map(\.index).max() ?? -1) + 1
    types = Array(repeating: nil, count: count)
    for id in graph.valueIDsInOrder { types[id.index] = StaticType(graph[id].type) }
    positions = Dictionary(uniqueKeysWithValues: graph.order.enumerated().map { ($1, $0) })
    roots = []
    isNeeded = Array(repeating: false, count: count)
    (self.graph, self.inputs, self.threads, self.limits) = (graph, inputs, threads, limits)
    roots = Self.identities(graph, count)
  }

  private static func identities(_ graph: Graph, _ count: Int) -> [ValueID] {
    guard let first = graph.valueIDsInOrder.first else { return [] }
    var result = Array(repeating: first, count: count)
    for id in graph.valueIDsInOrder { result[id.index] = id }
    return result
  }

  // MARK: - What runs

  private mutating func chooseKernels(_ library: KernelLibrary) throws(Diagnostic) {
    for id in graph.order {
      let node = graph[id]
      let isView = isView(node)
      views.append(isView)
      guard !isView, let site = graph.site(of: id, { types[$0.index] }) else {
        if let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil, isView {
          roots[output.index] = roots[input.index]
        }
        kernels.append(nil)
        dynamic.append(!isView)
        continue
      }
      kernels.append(try library.kernel(for: site))
      dynamic.append(false)
    }
  }

  /// Whether the first output has the elements of the first operand in their order, and lies where we know.
  private func isView(_ node: Node) -> Bool {
    switch node.op {
    case is Reshape, is Squeeze, is Unsqueeze, is Flatten, is Identity: break
    default: return false
    }
    guard let input = node.inputs[0], let output = node.outputs.first ?? nil, let from = types[input.index],
      let to = types[output.index], from.dtype == to.dtype, from.byteCount == to.byteCount
    else { return false }
    let root = roots[input.index]
    return graph[root].producer == nil || isOwned(root)
  }

  /// Operands whose contents a node reads; a view reads none but the one it shows.
  private func operands(at position: Int) -> [ValueID] {
    let node = graph[graph.order[position]]
    return views[position] ? node.inputs.prefix(1).compactMap { $0 } : node.operands
  }

  private mutating func findNeeded() {
    for id in graph.outputs { isNeeded[id.index] = true }
    for position in graph.order.indices.reversed() {
      let outputs = graph[graph.order[position]].outputs
      guard outputs.contains(where: { $0.map { isNeeded[$0.index] } ?? false }) else { continue }
      for operand in operands(at: position) { isNeeded[operand.index] = true }
    }
  }

  private func isRun(_ position: Int) -> Bool {
    !views[position] && graph[graph.order[position]].outputs.contains { $0.map { isNeeded[$0.index] } ?? false }
  }

  // MARK: - Where it lies

  /// Lets results take over the memory of operands that nobody reads afterwards.
  private mutating func shareMemory() {
    var lastReads = lastReads()
    let fixed = Set((graph.inputs + graph.outputs).map { roots[$0.index] })
    for position in graph.order.indices where isRun(position) {
      let node = graph[graph.order[position]]
      guard let kernel = kernels[position], let output = node.outputs[0], !fixed.contains(output) else { continue }
      for operand in kernel.replaceableOperands {
        guard let input = node.inputs[operand], let root = Optional(roots[input.index]), isOwned(root), !fixed.contains(root),
          lastReads[root.index] == position, types[root.index]?.byteCount == types[output.index]?.byteCount,
          node.inputs.count(where: { $0.map { roots[$0.index] == root } ?? false }) == 1
        else { continue }
        for index in roots.indices where roots[index] == output { roots[index] = root }
        lastReads[root.index] = lastReads[output.index]
        break
      }
    }
  }

  /// The position of the last node that reads a value or a view of it, by the value's id; outputs are read at the end.
  private func lastReads() -> [Int] {
    var result = Array(repeating: -1, count: types.count)
    for position in graph.order.indices where isRun(position) {
      for operand in operands(at: position) { result[roots[operand.index].index] = position }
    }
    for output in graph.outputs { result[roots[output.index].index] = graph.order.count }
    return result
  }

  /// Whether a kernel writes the value into memory of ours.
  private func isOwned(_ id: ValueID) -> Bool {
    guard let producer = graph[id].producer, let position = positions[producer], position < kernels.count else { return false }
    return kernels[position] != nil && types[id.index] != nil
  }

  private func laidOut() throws(Diagnostic) -> Plan {
    let lastReads = lastReads()
    var places = fixedPlaces()
    var blocks: [ArenaLayout.Block] = []
    var owners: [ValueID?] = []
    for position in graph.order.indices where isRun(position) {
      guard let kernel = kernels[position] else { continue }
      for case let output? in graph[graph.order[position]].outputs
      where roots[output.index] == output && places[output.index] == nil {
        guard let type = types[output.index] else { continue }
        try checkSize(type, graph.order[position])
        blocks.append(.init(size: type.byteCount, lifetime: position...max(position, lastReads[output.index])))
        owners.append(output)
      }
      let scratch = kernel.scratchCount(threads: threads) * MemoryLayout<Float>.size
      blocks.append(.init(size: scratch, lifetime: position...position))
      owners.append(nil)
    }
    let layout = ArenaLayout(blocks)
    guard layout.size <= limits.liveBytes else {
      throw limits.exceeded("live-bytes", "the results that are alive at once take \(layout.size) bytes")
    }
    var scratches: [Int] = []
    for (owner, offset) in zip(owners, layout.offsets) {
      if let owner { places[owner.index] = .arena(offset) } else { scratches.append(offset) }
    }
    for id in graph.valueIDsInOrder where places[id.index] == nil {
      let root = places[roots[id.index].index]
      places[id.index] = root ?? (isOwned(roots[id.index]) ? nil : .held)
    }
    return Plan(
      inputs: inputs, steps: steps(scratches, places, lastReads), places: places, types: types, arenaBytes: layout.size,
      inputViews: views(places) { if case .input(let input) = $1, graph.inputs[input] != $0 { input } else { nil } },
      outputViews: views(places) { if case .output(let output) = $1 { output } else { nil } })
  }

  private func views(_ places: [Plan.Place?], _ port: (ValueID, Plan.Place) -> Int?) -> [Plan.View] {
    graph.valueIDsInOrder.compactMap { id in
      places[id.index].flatMap { port(id, $0) }.map { Plan.View(value: id, port: $0) }
    }
  }

  /// Inputs, constants, and outputs that kernels write.
  private func fixedPlaces() -> [Plan.Place?] {
    var places = [Plan.Place?](repeating: nil, count: types.count)
    for (position, id) in graph.inputs.enumerated() { places[id.index] = .input(position) }
    for id in graph.valueIDsInOrder where graph[id].constant != nil { places[id.index] = .constant(id) }
    for (position, id) in graph.outputs.enumerated() {
      let root = roots[id.index]
      if places[root.index] == nil, isOwned(root) { places[root.index] = .output(position) }
    }
    return places
  }

  private func checkSize(_ type: StaticType, _ node: NodeID) throws(Diagnostic) {
    guard type.byteCount > limits.tensorBytes else { return }
    throw limits.exceeded(
      "tensor-bytes", "\(graph[node].op.name) would make a tensor of \(type.dtype)\(type.shape)",
      at: Location(node: graph.describe(node)))
  }

  private func steps(_ scratches: [Int], _ places: [Plan.Place?], _ lastReads: [Int]) -> [Plan.Step] {
    var scratches = scratches[...]
    var lastUses = Array(repeating: [ValueID](), count: graph.order.count)
    for id in graph.valueIDsInOrder where places[id.index] == .held && roots[id.index] == id {
      let last = lastReads[id.index]
      let made = graph[id].producer.flatMap { positions[$0] } ?? 0
      if last < graph.order.count { lastUses[max(last, made)].append(id) }
    }
    return graph.order.indices.filter { isRun($0) }.map { position in
      Plan.Step(
        node: graph.order[position], position: position, kernel: kernels[position], isDynamic: dynamic[position],
        scratch: kernels[position] == nil ? 0 : scratches.popFirst() ?? 0, lastUses: lastUses[position])
    }
  }
}

extension Graph {
  /// The node with the types of its values; nil where one is not known in numbers, or the node holds graphs.
  func site(of id: NodeID, _ type: (ValueID) -> StaticType?) -> KernelSite? {
    let node = self[id]
    guard node.captures.isEmpty else { return nil }
    var inputs: [StaticType?] = []
    for input in node.inputs {
      guard let input else {
        inputs.append(nil)
        continue
      }
      guard let known = type(input) else { return nil }
      inputs.append(known)
    }
    var outputs: [StaticType?] = []
    for output in node.outputs {
      guard let output else {
        outputs.append(nil)
        continue
      }
      guard let known = type(output) else { return nil }
      outputs.append(known)
    }
    return KernelSite(node: node, inputs: inputs, outputs: outputs, constants: node.inputs.map { $0.flatMap { constant($0) } })
  }
}
