import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Computes the masks of FusedAttention in the smallest shape that still broadcasts to the same mask.
///
/// ```
/// %c = And(@true, %keys)                      →    %m = Where(%keys, 0, -inf)
/// %e = Expand(%c, [batch, 1, sequence, sequence])
/// %m = Where(%e, 0, -inf)
/// %y = lathe::FusedAttention(%qkv, _, _, %m)       %y = lathe::FusedAttention(%qkv, _, _, %m)
/// ```
/// Conditions that always hold, as comparisons of places with 0 do, go.
public struct AttentionMask: Pass {
  public static let id: PassID = "fuse/attention-mask"
  public static let summary = "computes masks of attention in the smallest shape that broadcasts"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var reduction = MaskReduction(graph, context)
    for id in graph.order where graph[id].op is LatheOperators.FusedAttention {
      guard let mask = graph.input(3, of: id) else {
        outcome.record(graph.describe(id), .notApplicable)
        continue
      }
      let smaller = try reduction.reduced(mask, before: id, in: &graph)
      if smaller != mask {
        graph.setInput(3, of: id, to: smaller)
        graph.removeUnread([graph[mask].producer].compactMap { $0 })
      }
      outcome.record(graph.describe(id), smaller == mask ? .notApplicable : .done)
    }
    return outcome
  }
}

/// Finds, or makes, smaller values that broadcast to given ones.
private struct MaskReduction {
  private var analysis: AffineAnalysis
  private let context: PassContext
  private var known: [ValueID: ValueID] = [:]

  init(_ graph: Graph, _ context: PassContext) {
    analysis = AffineAnalysis(graph)
    self.context = context
  }

  /// A value that broadcasts to `value`: itself, or a smaller one; new nodes stand before the reader.
  mutating func reduced(_ value: ValueID, before reader: NodeID, in graph: inout Graph) throws(Diagnostic) -> ValueID {
    if let result = known[value] { return result }
    let result = try computed(value, before: reader, in: &graph)
    known[value] = result
    return result
  }

  private mutating func computed(_ value: ValueID, before reader: NodeID, in graph: inout Graph) throws(Diagnostic) -> ValueID {
    guard let id = graph.source(value), let first = graph.input(0, of: id) else { return value }
    switch graph[id].op {
    case is Expand: return try reduced(first, before: reader, in: &graph)
    case is And:
      guard let second = graph.input(1, of: id) else { return value }
      if analysis.isAlwaysTrue(first) { return try reduced(second, before: reader, in: &graph) }
      if analysis.isAlwaysTrue(second) { return try reduced(first, before: reader, in: &graph) }
      return try rebuilt(id, value, before: reader, in: &graph)
    case is Where, is Or, is Not, is Cast, is Add, is Sub, is Mul, is Equal, is Greater, is GreaterOrEqual, is Less, is LessOrEqual:
      return try rebuilt(id, value, before: reader, in: &graph)
    default: return value
    }
  }

  /// The same elementwise operator on smaller operands.
  private mutating func rebuilt(
    _ id: NodeID, _ value: ValueID, before reader: NodeID, in graph: inout Graph
  ) throws(Diagnostic) -> ValueID {
    var operands: [ValueID?] = []
    for input in graph[id].inputs {
      guard let input else { return value }
      operands.append(try reduced(input, before: reader, in: &graph))
    }
    guard operands != graph[id].inputs else { return value }
    return try context.add(graph[id].op, operands, to: &graph, replacing: [reader, id])[0]
  }
}
