import LatheDiagnostics
import LatheIR
import LatheTensors

/// One run of a program: counts what the limits count.
struct Execution {
  let limits: ResourceLimits
  let tap: Interpreter.Tap?
  /// Graphs that control flow has run so far.
  private var graphsRun = 0
  /// Bytes of the nodes' results that are still to be read, in this graph and those around it.
  private var liveBytes = 0

  init(limits: ResourceLimits, tap: Interpreter.Tap?) {
    self.limits = limits
    self.tap = tap
  }

  /// The outputs of `program` on its inputs and captures, in the graph's order.
  mutating func run(_ program: GraphProgram, inputs: [Datum], captures: [Datum], depth: Int = 0) throws(Diagnostic)
    -> [Datum]
  {
    let graph = program.graph
    var values = [Datum?](repeating: nil, count: program.slotCount)
    for (id, datum) in zip(graph.inputs, inputs) { values[id.index] = datum }
    for (id, datum) in zip(graph.captures, captures) { values[id.index] = datum }
    // Whoever called the graph counts its outputs.
    let liveBefore = liveBytes
    defer { liveBytes = liveBefore }
    var sizes = [Int](repeating: 0, count: program.slotCount)
    for (position, id) in graph.order.enumerated() {
      do {
        try evaluate(id, program.subprograms[position], graph, &values, depth)
        try count(graph[id].outputs, values, &sizes)
      } catch {
        throw error.located(in: Location(node: graph.describe(id)))
      }
      for value in program.lastUses[position] {
        values[value.index] = nil
        liveBytes -= sizes[value.index]
        sizes[value.index] = 0
      }
    }
    var outputs: [Datum] = []
    for id in graph.outputs {
      guard let datum = Self.value(id, graph, values) else {
        throw Diagnostic("interpreter/output", .internalFault, "the output \(graph[id].name) was not computed")
      }
      outputs.append(datum)
    }
    return outputs
  }

  /// Adds results to the live bytes; those that share their bytes with an operand count again.
  private mutating func count(_ outputs: [ValueID?], _ values: [Datum?], _ sizes: inout [Int]) throws(Diagnostic) {
    for case let output? in outputs {
      let size = values[output.index]?.byteCount ?? 0
      sizes[output.index] = size
      let (sum, overflow) = liveBytes.addingReportingOverflow(size)
      liveBytes = overflow ? Int.max : sum
    }
    guard liveBytes <= limits.liveBytes else {
      throw limits.exceeded("live-bytes", "the results that are alive here take \(liveBytes) bytes")
    }
  }

  private static func value(_ id: ValueID, _ graph: Graph, _ values: [Datum?]) -> Datum? {
    graph.constant(id).map { .tensor($0) } ?? values[id.index]
  }

  private mutating func evaluate(
    _ id: NodeID, _ subprograms: [GraphProgram], _ graph: Graph, _ values: inout [Datum?], _ depth: Int
  ) throws(Diagnostic) {
    let node = graph[id]
    let inputs = node.inputs.map { input in input.flatMap { Self.value($0, graph, values) } }
    let captures = node.captures.compactMap { Self.value($0, graph, values) }
    let results = try results(id, subprograms, graph, inputs, captures, depth: depth)
    try store(results, of: id, graph, &values, depth)
  }

  /// The outputs of one node.
  mutating func results(
    _ id: NodeID, _ subprograms: [GraphProgram], _ graph: Graph, _ inputs: [Datum?], _ captures: [Datum], depth: Int
  ) throws(Diagnostic) -> [Datum] {
    switch graph[id].op {
    case let op as any Evaluable
    where !(op is any DatumEvaluable) || inputs.allSatisfy({ $0?.tensor != nil || $0 == nil }):
      return try op.evaluateChecked(Self.tensors(inputs), limits: limits).map { .tensor($0) }
    case let op as any DatumEvaluable: return try op.evaluateChecked(inputs, limits: limits)
    case let op as any ControlFlow: return try run(op, inputs, captures, subprograms, depth)
    default: throw Diagnostic("interpreter/unsupported", .internalFault, "\(graph[id].op.name) cannot be run")
    }
  }

  private func store(
    _ results: [Datum], of id: NodeID, _ graph: Graph, _ values: inout [Datum?], _ depth: Int
  ) throws(Diagnostic) {
    let node = graph[id]
    for (position, output) in node.outputs.enumerated() {
      guard let output else { continue }
      guard position < results.count else {
        throw Diagnostic(
          "interpreter/outputs", .internalFault,
          "\(node.op.name) gave \(results.count) outputs, but output \(position) is used")
      }
      if let tap, depth == 0, let tensor = results[position].tensor { try tap(id, output, tensor) }
      values[output.index] = results[position]
    }
  }

  private static func tensors(_ inputs: [Datum?]) throws(Diagnostic) -> [Tensor?] {
    var tensors: [Tensor?] = []
    for input in inputs { tensors.append(try input?.requireTensor()) }
    return tensors
  }

  private mutating func run(
    _ op: any ControlFlow, _ inputs: [Datum?], _ captures: [Datum], _ subprograms: [GraphProgram], _ depth: Int
  ) throws(Diagnostic) -> [Datum] {
    var offsets: [Int] = []
    var next = 0
    for subprogram in subprograms {
      offsets.append(next)
      next += subprogram.graph.captures.count
    }
    var execution = self
    defer { graphsRun = execution.graphsRun }
    return try op.evaluate(inputs, limits: limits) { (index, arguments) throws(Diagnostic) in
      execution.graphsRun += 1
      guard execution.graphsRun <= limits.loopIterations else {
        throw limits.exceeded("loop-iterations", "control flow has run \(limits.loopIterations) graphs")
      }
      let subprogram = subprograms[index]
      guard arguments.count == subprogram.graph.inputs.count else {
        throw .invalid(
          "operator/subgraph-inputs",
          "\(op.name) gives its graph \(arguments.count) inputs, but it takes \(subprogram.graph.inputs.count)")
      }
      let end = offsets[index] + subprogram.graph.captures.count
      guard end <= captures.count else {
        throw Diagnostic("interpreter/captures", .internalFault, "\(op.name) captures a value that was not computed")
      }
      let captured = captures[offsets[index]..<end]
      return try execution.run(subprogram, inputs: arguments, captures: Array(captured), depth: depth + 1)
    }
  }
}
