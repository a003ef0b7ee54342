import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Makes the operators between the projections of queries, keys and values and the joined heads into one FusedAttention.
///
/// ```
/// %q4 = Transpose(Reshape(%q))            →    %y = lathe::FusedAttention(%q, %k, %v, %mask) {heads = 12, scale = 0.176}
/// %k4 = Transpose(Reshape(%k))
/// %v4 = Transpose(Reshape(%v))
/// %s = Div(MatMul(%q4, %k4), 5.65)
/// %p = Softmax(Add(%s, %mask))
/// %y = Reshape(Transpose(MatMul(%p, %v4)))
/// ```
/// Vaswani et al. 2017. Written as eager code or by a framework's own attention; see `AttentionFinder` for what may differ.
public struct Attention: Pass, Explaining {
  public static let id: PassID = "fuse/attention"
  public static let summary = "scaled dot-product attention with its masks and heads becomes one operator"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    for id in graph.order where graph.contains(id) && Self.isCandidate(graph[id].op) {
      let description = graph.describe(id)
      switch Result(catching: { () throws(AttentionFinder.Obstacle) in try AttentionFinder(graph: graph).find(at: id) }) {
      case .success(let finding):
        try replace(finding, &graph, context)
        outcome.record(description, .done)
      case .failure(let obstacle):
        outcome.record(description, obstacle.isUnrelated ? .notApplicable : .declined(obstacle.reason))
      }
    }
    return outcome
  }

  public func explain(_ graph: Graph) -> [String] {
    var findings: [(stage: Int, text: String)] = []
    for id in graph.order where Self.isCandidate(graph[id].op) {
      do throws(AttentionFinder.Obstacle) {
        _ = try AttentionFinder(graph: graph).find(at: id)
        findings.append((7, "\(graph.describe(id)): matches"))
      } catch {
        findings.append((error.stage, "\(graph.describe(id)): \(error.stage) of 7 stages; \(error.reason)"))
      }
    }
    return findings.sorted { $0.stage > $1.stage }.map(\.text)
  }

  private static func isCandidate(_ op: any Operator) -> Bool { op is Softmax || op is LatheOperators.Attention }

  private func replace(
    _ finding: AttentionFinder.Finding, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) {
    func add(_ op: any Operator, _ inputs: [ValueID?]) throws(Diagnostic) -> ValueID {
      let successor = Self.successor(of: inputs, finding, graph)
      return try context.add(op, inputs, to: &graph, before: successor, replacing: finding.nodes)
    }
    guard let output = graph.result(finding.output) else { return }
    var (mask, maskedValue) = (ValueID?.none, -Double.infinity)
    switch finding.masks.first {
    case .chosen(let condition, let keeps, let otherwise)? where finding.masks.count == 1:
      mask = keeps ? condition : try add(Not(), [condition])
      maskedValue = otherwise
    default:
      for next in finding.masks {
        let term = try additive(next, like: finding.query, finding, &graph, context)
        mask = try mask.map { (sum) throws(Diagnostic) in try add(Add(), [sum, term]) } ?? term
      }
    }
    let op = LatheOperators.FusedAttention(
      heads: finding.heads, scale: Float(finding.scale), maskedValue: Float(maskedValue),
      zeroesMaskedRows: finding.zeroesMaskedRows)
    var fused = try add(op, [finding.query, finding.key, finding.value, mask])
    if finding.isSplit, let width = graph.shape(output)?.last?.known {
      let shape = try graph.addConstant(
        graph.uniqueName("shape"), try Tensor([0, 0, Int64(finding.heads), Int64(width)], shape: [4]))
      fused = try add(Reshape(), [fused, shape])
    }
    try context.replace(output, with: fused, removing: finding.nodes, in: &graph)
  }

  /// The first of the nodes to be replaced that stands behind everything that the operands come from.
  private static func successor(of inputs: [ValueID?], _ finding: AttentionFinder.Finding, _ graph: Graph) -> NodeID {
    let producers = Set(inputs.compactMap { $0.flatMap { graph[$0].producer } })
    let last = graph.order.lastIndex { producers.contains($0) } ?? -1
    let replaced = Set(finding.nodes)
    return graph.order[(last + 1)...].first { replaced.contains($0) } ?? finding.output
  }

  /// A mask as what is added to the products.
  private func additive(
    _ mask: AttentionFinder.Mask, like value: ValueID, _ finding: AttentionFinder.Finding, _ graph: inout Graph,
    _ context: PassContext
  ) throws(Diagnostic) -> ValueID {
    switch mask {
    case .added(let value): return value
    case .chosen(let condition, let keeps, let otherwise):
      let dtype = graph[value].type?.tensor?.dtype ?? .float32
      let zero = try graph.addConstant(graph.uniqueName("zero"), try Tensor.scalar(0, dtype))
      let low = try graph.addConstant(graph.uniqueName("masked"), try Tensor.scalar(otherwise, dtype))
      let choices = keeps ? [condition, zero, low] : [condition, low, zero]
      let successor = Self.successor(of: choices, finding, graph)
      return try context.add(Where(), choices, to: &graph, before: successor, replacing: finding.nodes)
    }
  }
}

extension Tensor {
  /// One number of rank 0.
  static func scalar(_ number: Double, _ dtype: DType) throws(Diagnostic) -> Tensor {
    try Cast(to: dtype).evaluate([try Tensor([number], shape: [])])[0]
  }
}
