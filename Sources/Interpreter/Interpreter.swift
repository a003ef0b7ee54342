import LatheDiagnostics
import LatheIR
import LatheTensors

/// Runs a graph by calling each operator's reference evaluation: the oracle that everything else is compared with.
///
/// Simple before fast. Values are dropped after their last reader. Several threads may run one interpreter at once.
public struct Interpreter: Sendable {
  /// Sees every tensor that a node of the main graph produces, as it is produced.
  public typealias Tap = (_ node: NodeID, _ value: ValueID, _ tensor: Tensor) throws(Diagnostic) -> Void

  public let graph: Graph
  public let limits: ResourceLimits
  private let program: GraphProgram

  /// Prepares a graph.
  ///
  /// - Throws: `interpreter/unsupported`, naming all nodes at once whose operators cannot be run, those in subgraphs included.
  public init(_ graph: Graph, limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) {
    try Self.checkSupport(graph)
    self.graph = graph
    self.limits = limits
    program = GraphProgram(graph)
  }

  /// Runs the graph on one feed of tensors.
  ///
  /// - Parameter inputs: tensors by input name; inputs with defaults may be left out.
  /// - Returns: the outputs in the graph's order.
  /// - Throws: `interpreter/input…` for a feed that does not fit, `interpreter/output-type` for outputs that are no tensors, and
  ///   operators' diagnostics with the node's name.
  public func run(_ inputs: [String: Tensor], tap: Tap? = nil) throws(Diagnostic) -> [Tensor] {
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

  /// Runs the graph on one feed of any values.
  ///
  /// - Throws: as `run` on tensors.
  public func run(_ inputs: [String: Datum], tap: Tap? = nil) throws(Diagnostic) -> [Datum] {
    var execution = Execution(limits: limits, tap: tap)
    return try execution.run(program, inputs: try arguments(inputs), captures: [])
  }

  /// The values of a feed in the order of the graph's inputs, defaults where there are any.
  ///
  /// - Throws: `interpreter/input…` for a feed that does not fit.
  public func arguments(_ inputs: [String: Datum]) throws(Diagnostic) -> [Datum] {
    try refuseUnknown(inputs)
    var fed: [Datum] = []
    for id in graph.inputs { fed.append(try feed(id, inputs)) }
    return fed
  }

  /// The outputs of one node of the main graph.
  ///
  /// - Parameters:
  ///   - position: of the node in the graph's order.
  ///   - inputs: as the node names them, constants included; nil where one is left out.
  ///   - captures: what the graphs that the operator holds use.
  /// - Throws: the operator's diagnostics, with the node's name.
  public func evaluate(nodeAt position: Int, inputs: [Datum?], captures: [Datum]) throws(Diagnostic) -> [Datum] {
    var execution = Execution(limits: limits, tap: nil)
    let id = graph.order[position]
    do {
      return try execution.results(id, program.subprograms[position], graph, inputs, captures, depth: 0)
    } catch {
      throw error.located(in: Location(node: graph.describe(id)))
    }
  }

  private func feed(_ id: ValueID, _ inputs: [String: Datum]) throws(Diagnostic) -> Datum {
    let value = graph[id]
    guard let datum = inputs[value.name] ?? value.defaultValue.map({ .tensor($0) }) else {
      let given = inputs.keys.sorted().joined(separator: ", ")
      throw .invalid(
        "interpreter/input-missing", "the model's input \(value.name) is not among the samples' (\(given))",
        at: Location(value: value.name),
        fix: "give a tensor named \(value.name), \(value.type.map(\.description) ?? "of any type")")
    }
    guard let expected = value.type, !Self.fits(datum.type, expected) else { return datum }
    throw .invalid(
      "interpreter/input-type", "the input \(value.name) is \(expected), but \(datum.type) is given",
      at: Location(value: value.name), fix: "give samples of the model's type and shape")
  }

  /// Whether a value of the type `given` may be fed where `expected` is declared; only numbers in shapes count.
  private static func fits(_ given: ValueType, _ expected: ValueType) -> Bool {
    switch (given, expected) {
    case (.tensor(let one), .tensor(let other)):
      guard one.dtype == other.dtype else { return false }
      guard let shape = one.shape, let wanted = other.shape else { return true }
      return shape.count == wanted.count
        && !zip(shape, wanted).contains { $0.known != nil && $1.known != nil && $0 != $1 }
    case (.sequence(let one), .sequence(let other)), (.optional(let one), .optional(let other)): return fits(one, other)
    default: return given == expected
    }
  }

  private func refuseUnknown(_ inputs: [String: Datum]) throws(Diagnostic) {
    let names = Set(graph.inputs.map { graph[$0].name })
    guard let unknown = inputs.keys.sorted().first(where: { !names.contains($0) }) else { return }
    throw .invalid(
      "interpreter/input-unknown", "the model has no input named \(unknown)", at: Location(value: unknown),
      fix: "its inputs are \(names.sorted().joined(separator: ", "))")
  }

  private static func checkSupport(_ graph: Graph) throws(Diagnostic) {
    let missing = unsupported(in: graph, path: "")
    guard missing.isEmpty else {
      throw .invalid(
        "interpreter/unsupported",
        "\(missing.count) node\(missing.count == 1 ? " has an operator" : "s have operators") that Lathe cannot run",
        notes: missing.map { "cannot run \($0)" },
        fix: "inspect and convert to ONNX still work; replace these operators or express them as model-local functions")
    }
  }

  private static func unsupported(in graph: Graph, path: String) -> [String] {
    graph.order.flatMap { id -> [String] in
      let op = graph[id].op
      let name = path + graph.describe(id)
      let inner = graph.subgraphs(of: id).flatMap { unsupported(in: $0, path: "\(name)/") }
      return (op is any Evaluable || op is any DatumEvaluable || op is any ControlFlow ? [] : [name]) + inner
    }
  }
}
