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
    self.graph = graph
    interpreter = try Interpreter(graph, limits: limits)
    let chosen = try InstructionSet.chosen()
    pool = try ThreadPool(threads: threads, instructions: instructions ?? chosen)
    valueCount = (graph.valueIDsInOrder.map(\.index).max() ?? -1) + 1
  }

  /// Runs the graph on one feed of tensors; see `Interpreter.run`.
  public func run(_ inputs: [String: Tensor], tap: Interpreter.Tap? = nil) throws(Diagnostic) -> [Tensor] {
    var tensors: [Tensor] = []
    for (id, output) in zip(graph.outputs, try run(inputs.mapValues { .tensor($0) }, tap: tap)) {
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
  public func run(_ inputs: [String: Datum], tap: Interpreter.Tap? = nil) throws(Diagnostic) -> [Datum] {
    try run(try interpreter.arguments(inputs), tap: tap, stepTap: nil)
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
    _ data: [Datum], tap: Interpreter.Tap?, stepTap: ((Plan.Step, Duration) -> Void)?
  ) throws(Diagnostic) -> [Datum] {
    let entry = try entry(for: data)
    let workspace = workspaces.withLock { $0.popLast() }?.workspace ?? Workspace(count: valueCount)
    defer {
      workspace.clear()
      workspaces.withLock { $0.append(WorkspaceBox(workspace: workspace)) }
    }
    try workspace.prepare(for: entry, graph: graph)
    for (id, datum) in zip(graph.inputs, data) { workspace.feed(datum, as: id) }
    workspace.showInputs(entry.plan, graph)
    let outputs = try outputTensors(entry.plan, workspace)
    var run = PlannedRun(self, entry.plan, workspace)
    (run.tap, run.stepTap) = (tap, stepTap)
    try run.run()
    return try collect(entry.plan, outputs, run)
  }

  /// Memory for the outputs that kernels write.
  private func outputTensors(_ plan: Plan, _ workspace: Workspace) throws(Diagnostic) -> [Tensor?] {
    var tensors = [Tensor?](repeating: nil, count: graph.outputs.count)
    for (position, id) in graph.outputs.enumerated() where plan.places[id.index] == .output(position) {
      guard let type = plan.types[id.index] else { continue }
      let tensor = try buffers.tensor(type)
      workspace.place(output: position, at: tensor.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }, plan)
      tensors[position] = tensor
    }
    return tensors
  }

  private func collect(_ plan: Plan, _ outputs: [Tensor?], _ run: PlannedRun) throws(Diagnostic) -> [Datum] {
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
