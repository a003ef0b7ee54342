import LatheDiagnostics
import LatheIR
import LatheTensors

/// Runs a graph by calling each operator's reference evaluation: the oracle that everything else is compared with.
///
/// Simple before fast. Values are dropped after their last reader. Several threads may run one interpreter at once.
public struct Interpreter: Sendable {
  /// Sees every value a node produces, as it is produced.
  public typealias Tap = (_ node: NodeID, _ value: ValueID, _ tensor: Tensor) throws(Diagnostic) -> Void

  public let graph: Graph
  public let limits: ResourceLimits
  /// For each node in order, the values whose last reader it is.
  private let lastUses: [[ValueID]]

  /// Prepares a graph.
  ///
  /// - Throws: `interpreter/unsupported`, naming all nodes at once whose operators cannot be run.
  public init(_ graph: Graph, limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) {
    try Self.checkSupport(graph)
    self.graph = graph
    self.limits = limits
    lastUses = Self.lastUses(graph)
  }

  /// Runs the graph on one feed.
  ///
  /// - Parameter inputs: tensors by input name; inputs with defaults may be left out.
  /// - Returns: the outputs in the graph's order.
  /// - Throws: `interpreter/input…` for a feed that does not fit, and operators' diagnostics with the node's name.
  public func run(_ inputs: [String: Tensor], tap: Tap? = nil) throws(Diagnostic) -> [Tensor] {
    var values = [Tensor?](repeating: nil, count: graph.valueIDsInOrder.last.map { $0.index + 1 } ?? 0)
    for id in graph.inputs { values[id.index] = try feed(id, inputs) }
    try refuseUnknown(inputs)
    for (position, id) in graph.order.enumerated() {
      do {
        try evaluate(id, &values, tap)
      } catch {
        throw error.located(in: Location(node: graph.describe(id)))
      }
      for value in lastUses[position] { values[value.index] = nil }
    }
    var outputs: [Tensor] = []
    for id in graph.outputs {
      guard let tensor = graph.constant(id) ?? values[id.index] else {
        throw Diagnostic("interpreter/output", .internalFault, "the output \(graph[id].name) was not computed")
      }
      outputs.append(tensor)
    }
    return outputs
  }

  private func evaluate(_ id: NodeID, _ values: inout [Tensor?], _ tap: Tap?) throws(Diagnostic) {
    let node = graph[id]
    guard let op = node.op as? any Evaluable else { throw Self.unsupported([graph.describe(id)]) }
    let inputs = node.inputs.map { input in input.flatMap { graph.constant($0) ?? values[$0.index] } }
    let outputs = try op.evaluateChecked(inputs, limits: limits)
    for (position, output) in node.outputs.enumerated() {
      guard let output else { continue }
      guard position < outputs.count else {
        throw Diagnostic("interpreter/outputs", .internalFault, "\(op.name) gave \(outputs.count) outputs, but output \(position) is used")
      }
      if let tap { try tap(id, output, outputs[position]) }
      values[output.index] = outputs[position]
    }
  }

  private func feed(_ id: ValueID, _ inputs: [String: Tensor]) throws(Diagnostic) -> Tensor {
    let value = graph[id]
    guard let tensor = inputs[value.name] ?? value.defaultValue else {
      let given = inputs.keys.sorted().joined(separator: ", ")
      throw .invalid(
        "interpreter/input-missing", "the model's input \(value.name) is not among the samples' (\(given))",
        at: Location(value: value.name), fix: "give a tensor named \(value.name), \(value.type.map(\.description) ?? "of any type")")
    }
    guard let expected = value.type?.tensor else { return tensor }
    let fits =
      tensor.dtype == expected.dtype
      && expected.shape.map { shape in
        shape.count == tensor.rank && zip(shape, tensor.shape).allSatisfy { $0.known == nil || $0.known == $1 }
      } ?? true
    guard fits else {
      throw .invalid(
        "interpreter/input-type", "the input \(value.name) is \(expected), but \(TensorType(of: tensor)) is given",
        at: Location(value: value.name), fix: "give samples of the model's type and shape")
    }
    return tensor
  }

  private func refuseUnknown(_ inputs: [String: Tensor]) throws(Diagnostic) {
    let names = Set(graph.inputs.map { graph[$0].name })
    guard let unknown = inputs.keys.sorted().first(where: { !names.contains($0) }) else { return }
    throw .invalid(
      "interpreter/input-unknown", "the model has no input named \(unknown)", at: Location(value: unknown),
      fix: "its inputs are \(names.sorted().joined(separator: ", "))")
  }

  private static func lastUses(_ graph: Graph) -> [[ValueID]] {
    var seen = Set(graph.outputs)
    var result: [[ValueID]] = []
    for id in graph.order.reversed() {
      let node = graph[id]
      result.append((node.operands + node.outputs.compactMap { $0 }).filter { seen.insert($0).inserted })
    }
    return result.reversed()
  }

  private static func checkSupport(_ graph: Graph) throws(Diagnostic) {
    let missing = graph.order.filter { !(graph[$0].op is any Evaluable) }.map(graph.describe)
    guard missing.isEmpty else { throw unsupported(missing) }
  }

  private static func unsupported(_ nodes: [String]) -> Diagnostic {
    .invalid(
      "interpreter/unsupported", "\(nodes.count) node\(nodes.count == 1 ? " has an operator" : "s have operators") that Lathe cannot run",
      notes: nodes.map { "cannot run \($0)" },
      fix: "inspect and convert to ONNX still work; replace these operators or express them as model-local functions")
  }
}
