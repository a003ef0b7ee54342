import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheTensors

/// One run of a plan.
struct PlannedRun {
  let runtime: Runtime
  let plan: Plan
  let workspace: Workspace
  /// Sees what every step took.
  var stepTap: ((Plan.Step, Duration) -> Void)?
  var tap: Interpreter.Tap?
  /// Values that the tap is shown; nil for all.
  var tapped: Set<ValueID>?
  private var graph: Graph { runtime.graph }

  init(_ runtime: Runtime, _ plan: Plan, _ workspace: Workspace) {
    (self.runtime, self.plan, self.workspace) = (runtime, plan, workspace)
  }

  /// Runs all steps; inputs and outputs have their addresses.
  func run() throws(Diagnostic) {
    let clock = ContinuousClock()
    for step in plan.steps {
      let start = stepTap == nil ? nil : clock.now
      do {
        try run(step)
      } catch {
        throw error.located(in: Location(node: graph.describe(step.node)))
      }
      if let stepTap, let start { stepTap(step, start.duration(to: clock.now)) }
      if let tap { try show(step, to: tap) }
      for id in step.lastUses { workspace.held[id.index] = nil }
    }
  }

  private func run(_ step: Plan.Step) throws(Diagnostic) {
    if let kernel = step.kernel {
      guard let addresses = workspace.addresses.baseAddress else { return }
      let memory = Memory(addresses: addresses, scratch: workspace.scratch(at: step.scratch))
      if kernel.run(memory, on: runtime.pool) { return }
    } else if step.isDynamic, try runDynamic(step) {
      return
    }
    try evaluate(step)
  }

  /// Reference evaluation; its results are held, or copied where kernels expect them.
  private func evaluate(_ step: Plan.Step) throws(Diagnostic) {
    let node = graph[step.node]
    var inputs: [Datum?] = []
    for input in node.inputs { inputs.append(try input.map { (id) throws(Diagnostic) in try datum(id) }) }
    var captures: [Datum] = []
    for capture in node.captures { captures.append(try datum(capture)) }
    let results = try runtime.interpreter.evaluate(nodeAt: step.position, inputs: inputs, captures: captures)
    for (index, output) in node.outputs.enumerated() {
      guard let output, index < results.count else { continue }
      try keep(results[index], as: output)
    }
  }

  private func keep(_ datum: Datum, as id: ValueID) throws(Diagnostic) {
    guard let tensor = datum.tensor, tensor.dtype != .string else {
      workspace.held[id.index] = datum
      return
    }
    if let type = plan.types[id.index], type.dtype != tensor.dtype || type.shape != tensor.shape {
      throw Diagnostic(
        "runtime/inconsistent", .internalFault, "\(tensor.dtype)\(tensor.shape) came where \(type.dtype)\(type.shape) was planned",
        at: Location(value: graph[id].name))
    }
    if plan.places[id.index] != .held, let target = workspace.addresses[id.index] {
      return tensor.withBytes { if let start = $0.baseAddress { target.copyMemory(from: start, byteCount: $0.count) } }
    }
    // What lies in the arena is a view of an operand, and would change under whoever reads it later.
    let isBorrowed = tensor.withBytes { $0.baseAddress.map(workspace.isInArena) ?? false }
    let own = isBorrowed ? try tensor.copied() : tensor
    workspace.held[id.index] = .tensor(own)
    workspace.addresses[id.index] = own.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
  }

  /// The value as reference evaluation takes it; the tensor is good until the step ends.
  func datum(_ id: ValueID) throws(Diagnostic) -> Datum {
    if let constant = graph.constant(id) { return .tensor(constant) }
    if let held = workspace.held[id.index] { return held }
    guard let type = plan.types[id.index], let address = workspace.addresses[id.index] ?? (type.byteCount == 0 ? .some(Self.nothing) : nil)
    else {
      throw Diagnostic("runtime/value", .internalFault, "\(graph[id].name) is read before it is made")
    }
    let bytes = UnsafeRawBufferPointer(start: address, count: type.byteCount)
    return .tensor(try Tensor(dtype: type.dtype, shape: type.shape, storage: TensorStorage(bytes: bytes, owner: workspace)))
  }

  /// An address that nothing is read from.
  private static var nothing: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: ArenaLayout.alignment).unsafelyUnwrapped }

  /// Copies of a step's results, for a tap that may keep them.
  private func show(_ step: Plan.Step, to tap: Interpreter.Tap) throws(Diagnostic) {
    for case let output? in graph[step.node].outputs where plan.places[output.index] != nil && tapped?.contains(output) != false {
      guard case .tensor(let tensor) = try datum(output) else { continue }
      try tap(step.node, output, tensor.dtype == .string ? tensor : try tensor.copied())
    }
  }

  // MARK: - Types that are known only now

  /// Runs a kernel for the operands that are there; false if there is none.
  private func runDynamic(_ step: Plan.Step) throws(Diagnostic) -> Bool {
    let node = graph[step.node]
    guard let site = try dynamicSite(step.node), let kernel = try runtime.library.kernel(for: site),
      let addresses = workspace.addresses.baseAddress
    else { return false }
    for (output, type) in zip(node.outputs, site.outputs) {
      guard let output, let type else { continue }
      guard type.byteCount <= runtime.interpreter.limits.tensorBytes else { return false }
      let tensor = try runtime.buffers.tensor(type)
      workspace.held[output.index] = .tensor(tensor)
      addresses[output.index] = tensor.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
    }
    let count = kernel.scratchCount(threads: runtime.pool.threads)
    let scratch = try runtime.buffers.tensor(StaticType(floats: [max(1, count)]))
    let memory = Memory(addresses: addresses, scratch: scratch.floats.map { UnsafeMutablePointer(mutating: $0) })
    return withExtendedLifetime(scratch) { kernel.run(memory, on: runtime.pool) }
  }

  private func dynamicSite(_ id: NodeID) throws(Diagnostic) -> KernelSite? {
    let node = graph[id]
    guard node.captures.isEmpty, !(node.op is any ControlFlow) else { return nil }
    var operands: [Operand?] = []
    for input in node.inputs {
      guard let input else {
        operands.append(nil)
        continue
      }
      guard case .tensor(let tensor) = try datum(input), let type = StaticType(tensor) else { return nil }
      let constant = graph.constant(input)
      operands.append(constant.map { Operand($0) } ?? Operand(type: .tensor(TensorType(type.dtype, type.shape.map { .known($0) }))))
    }
    guard let types = try? node.op.infer(operands) else { return nil }
    let known = types.map { StaticType($0) }
    return graph.site(of: id) { value in
      if let position = node.outputs.firstIndex(of: value) { return position < known.count ? known[position] : nil }
      return node.inputs.firstIndex(of: value).flatMap { StaticType(operands[$0]?.type) }
    }
  }
}

extension Tensor {
  /// The same elements in memory of their own.
  package func copied() throws(Diagnostic) -> Tensor {
    try Tensor(dtype: dtype, shape: shape) { target in withBytes { target.copyMemory(from: $0) } }
  }
}
