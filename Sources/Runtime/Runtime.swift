import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheTensors
import Synchronization

/// Runs a graph fast: kernels for the operators that matter, and reference evaluation for all others.
///
/// Inputs of each set of types are planned once: which kernel computes a node, and where its results lie in memory that is used again in
/// every run. The instruction set is chosen when the process runs; `LATHE_ISA` names another. Results do not depend on the number of threads.
/// Several threads may run one runtime at once; its kernels take turns.
public final class Runtime: Sendable {
  public let graph: Graph
  let interpreter: Interpreter
  let pool: ThreadPool
  let library = KernelLibrary()
  let buffers = BufferPool()
  private let plans = PlanCache()
  private let workspaces = Mutex<[WorkspaceBox]>([])
  private let valueCount: Int

  /// Prepares a graph.
  ///
  /// - Parameter instructions: what the kernels are written for; nil chooses.
  /// - Throws: `runtime/threads`, `runtime/isa`, and as the interpreter.
  public init(
    _ graph: Graph, limits: ResourceLimits = ResourceLimits(), threads: Int = 1, instructions: InstructionSet? = nil
  ) throws(Diagnostic) {
    let graph = try graph.withWeightsUnpacked(limits)
    self.graph = graph
    interpreter = try Interpreter(graph, limits: limits)
    let chosen = try InstructionSet.chosen()
    pool = try ThreadPool(threads: threads, instructions: instructions ?? chosen)
    valueCount = (graph.valueIDsInOrder.map(\.index).max() ?? -1) + 1
  }

  /// Runs the graph on one feed of tensors; see `Interpreter.run`.
  ///
  /// - Parameter tapped: values that the tap is shown; nil for all that nodes produce.
  public func run(
    _ inputs: [String: Tensor], tapping tapped: Set<ValueID>? = nil, tap: Interpreter.Tap? = nil
  ) throws(Diagnostic) -> [Tensor] {
    var tensors: [Tensor] = []
    let arguments = try interpreter.arguments(inputs.mapValues { .tensor($0) })
    for (id, output) in zip(graph.outputs, try run(arguments, tap: tap, tapped: tapped, stepTap: nil)) {
      guard let tensor = output.tensor else {
        throw .invalid(
          "interpreter/output-type", "the output \(graph[id].name) is \(output.type), not a tensor",
          at: Location(value: graph[id].name))
      }
      tensors.append(tensor)
    }
    return tensors
  }

  /// Runs the graph on one feed of any values; see `Interpreter.run`.
  public func run(_ inputs: [String: Datum]) throws(Diagnostic) -> [Datum] {
    try run(try interpreter.arguments(inputs), tap: nil, stepTap: nil)
  }

  /// What the nodes took in one run, in the order in which they ran.
  public func profile(_ inputs: [String: Datum]) throws(Diagnostic) -> [NodeTime] {
    var times: [NodeTime] = []
    _ = try run(try interpreter.arguments(inputs), tap: nil) { step, duration in
      times.append(
        NodeTime(node: step.node, kernel: step.kernel.map { String(describing: type(of: $0)) }, duration: duration))
    }
    return times
  }

  /// How many nodes run, and how many of them have a kernel, for these inputs.
  public func coverage(_ inputs: [String: Datum]) throws(Diagnostic) -> (nodes: Int, kernels: Int) {
    let plan = try entry(for: try interpreter.arguments(inputs)).plan
    return (plan.steps.count, plan.kernelCount)
  }

  // MARK: - Running

  private func entry(for data: [Datum]) throws(Diagnostic) -> PlanEntry {
    try plans.entry(for: data) { () throws(Diagnostic) in
      try Planner.plan(
        graph, inputs: data.map(\.type), library: library, threads: pool.threads, limits: interpreter.limits)
    }
  }

  private func run(
    _ data: [Datum], tap: Interpreter.Tap?, tapped: Set<ValueID>? = nil, stepTap: ((Plan.Step, Duration) -> Void)?
  ) throws(Diagnostic) -> [Datum] {
    let entry = try entry(for: data)
    let outputs = try outputTensors(entry.plan)
    return try withWorkspace(for: entry, data) { (workspace) throws(Diagnostic) in
      for (position, output) in outputs.enumerated() {
        guard let output else { continue }
        workspace.place(output: position, at: output.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }, entry.plan)
      }
      var run = PlannedRun(self, entry.plan, workspace)
      (run.tap, run.tapped, run.stepTap) = (tap, tapped, stepTap)
      try run.run()
      return try collect(outputs, run)
    }
  }

  /// Runs the graph into memory of the caller's, which kernels write where they can.
  ///
  /// - Parameters:
  ///   - arguments: one tensor for each input, in the graph's order.
  ///   - memory: for each output in the graph's order, aligned for its elements.
  ///   - willWrite: is told the outputs' types before anything is written; bytes beyond a buffer's are its caller's to refuse.
  /// - Throws: `runtime/output-memory` for outputs that do not fit or are no tensors of bytes, and as `run`.
  public func run(
    _ arguments: [Tensor], into memory: [UnsafeMutableRawBufferPointer], willWrite: (Int, DType, [Int], _ byteCount: Int) -> Void
  ) throws(Diagnostic) {
    let data = try interpreter.arguments(
      Dictionary(zip(graph.inputs.map { graph[$0].name }, arguments.map { .tensor($0) })) { first, _ in first })
    guard memory.count == graph.outputs.count else {
      throw Diagnostic("runtime/output-memory", .usage, "there is memory for \(memory.count) of \(graph.outputs.count) outputs")
    }
    let entry = try entry(for: data)
    try withWorkspace(for: entry, data) { (workspace) throws(Diagnostic) in
      for (position, id) in graph.outputs.enumerated() {
        guard let type = entry.plan.types[id.index] else { continue }
        willWrite(position, type.dtype, type.shape, type.byteCount)
        try fits(type.byteCount, memory[position], id)
        workspace.place(output: position, at: memory[position].baseAddress, entry.plan)
      }
      let run = PlannedRun(self, entry.plan, workspace)
      try run.run()
      for (position, id) in graph.outputs.enumerated() where entry.plan.places[id.index] != .output(position) {
        let tensor = try run.datum(id).requireTensor()
        if entry.plan.types[id.index] == nil { willWrite(position, tensor.dtype, tensor.shape, tensor.byteCount) }
        try fits(tensor.dtype == .string ? Int.max : tensor.byteCount, memory[position], id)
        tensor.withBytes { memory[position].copyMemory(from: $0) }
      }
    }
  }

  private func fits(_ count: Int, _ memory: UnsafeMutableRawBufferPointer, _ id: ValueID) throws(Diagnostic) {
    guard count > memory.count else { return }
    throw Diagnostic(
      "runtime/output-memory", .usage,
      "the output \(graph[id].name) has \(count) bytes, but there is memory for \(memory.count)")
  }

  private func withWorkspace<R>(
    for entry: PlanEntry, _ data: [Datum], _ body: (Workspace) throws(Diagnostic) -> R
  ) throws(Diagnostic) -> R {
    let workspace = workspaces.withLock { $0.popLast() }?.workspace ?? Workspace(count: valueCount)
    defer {
      workspace.clear()
      workspaces.withLock { $0.append(WorkspaceBox(workspace: workspace)) }
    }
    try workspace.prepare(for: entry, graph: graph)
    for (id, datum) in zip(graph.inputs, data) { workspace.feed(datum, as: id) }
    workspace.showInputs(entry.plan, graph)
    return try body(workspace)
  }

  /// Memory for the outputs that kernels write.
  private func outputTensors(_ plan: Plan) throws(Diagnostic) -> [Tensor?] {
    var tensors: [Tensor?] = []
    for (position, id) in graph.outputs.enumerated() {
      guard plan.places[id.index] == .output(position), let type = plan.types[id.index] else {
        tensors.append(nil)
        continue
      }
      tensors.append(try buffers.tensor(type))
    }
    return tensors
  }

  private func collect(_ outputs: [Tensor?], _ run: PlannedRun) throws(Diagnostic) -> [Datum] {
    var results: [Datum] = []
    for (id, output) in zip(graph.outputs, outputs) {
      if let output {
        results.append(.tensor(output))
        continue
      }
      let datum = try run.datum(id)
      // What lies in the workspace belongs to the next run.
      guard case .tensor(let tensor) = datum, run.workspace.held[id.index] == nil, graph.constant(id) == nil else {
        results.append(datum)
        continue
      }
      results.append(.tensor(try tensor.copied()))
    }
    return results
  }
}

/// What one node took in a run.
public struct NodeTime: Sendable {
  public let node: NodeID
  /// nil for reference evaluation.
  public let kernel: String?
  public let duration: Duration
}

/// A workspace that is handed from run to run, never used by two at once.
private struct WorkspaceBox: @unchecked Sendable {
  let workspace: Workspace
}
