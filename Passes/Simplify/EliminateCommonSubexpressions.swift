import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Computes once what is computed several times, and keeps equal constants once.
///
/// ```
/// %a = Erf(%x)                 →    %a = Erf(%x)
/// %b = Erf(%x)
/// %y = Add(%a, %b)                  %y = Add(%a, %a)
/// ```
/// Two nodes are the same if their operators, attributes and operands are. What draws at random, holds graphs or is not known to Lathe is
/// left alone, and so is the second of two outputs of the graph, whose name would be lost.
public struct EliminateCommonSubexpressions: Pass {
  public static let id: PassID = "simplify/eliminate-common-subexpressions"
  public static let summary = "computes once what is computed several times"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    mergeConstants(&graph, &outcome)
    var seen: [Expression: [NodeID]] = [:]
    var loose: [NodeID] = []
    for id in graph.order {
      let node = graph[id]
      guard !(node.op is any RandomDraw), !(node.op is any SubgraphHolder) else { continue }
      let attributes = node.op.attributes
      let expression = Expression(name: node.op.name, inputs: node.inputs, digest: attributes.digest)
      let twin = seen[expression]?.first { graph[$0].op.attributes == attributes && gives(node, graph[$0]) }
      guard let twin else {
        seen[expression, default: []].append(id)
        continue
      }
      let description = graph.describe(id)
      if let reason = try merge(id, into: twin, &graph, context) {
        outcome.record(description, .declined(reason))
      } else {
        loose.append(id)
        outcome.record(description, .done)
      }
    }
    context.removeUnread(loose, in: &graph)
    return outcome
  }

  /// Whether the other node produces every output that the node does.
  private func gives(_ node: Node, _ other: Node) -> Bool {
    node.outputs.indices.allSatisfy { node.outputs[$0] == nil || $0 < other.outputs.count && other.outputs[$0] != nil }
  }

  private func merge(
    _ id: NodeID, into twin: NodeID, _ graph: inout Graph, _ context: PassContext
  ) throws(Diagnostic) -> String? {
    let pairs = zip(graph[id].outputs, graph[twin].outputs).compactMap { own, other in
      if let own, let other { (own, other) } else { nil }
    }
    if let (own, other) = pairs.first(where: { graph.isOutput($0.0) && graph.isOutput($0.1) }) {
      return "%\(graph[own].name) and %\(graph[other].name) are both outputs of the graph"
    }
    for (own, other) in pairs {
      if let reason = try context.substitute(other, for: own, in: &graph) { return reason }
    }
    return nil
  }

  // MARK: constants

  private func mergeConstants(_ graph: inout Graph, _ outcome: inout PassOutcome) {
    var seen: [TensorSample: [(id: ValueID, fingerprint: UInt64?)]] = [:]
    for id in graph.constants {
      guard let tensor = graph[id].constant else { continue }
      let sample = TensorSample(tensor)
      guard var candidates = seen[sample] else {
        seen[sample] = [(id, nil)]
        continue
      }
      let fingerprint = tensor.fingerprint
      var twin: ValueID?
      for index in candidates.indices where twin == nil {
        guard let other = graph[candidates[index].id].constant else { continue }
        let known = candidates[index].fingerprint ?? other.fingerprint
        candidates[index].fingerprint = known
        if known == fingerprint, other == tensor { twin = candidates[index].id }
      }
      if twin == nil { candidates.append((id, fingerprint)) }
      seen[sample] = candidates
      guard let twin, !graph.isOutput(id) else { continue }
      outcome.record("@\(graph[id].name)", .done)
      graph.replaceAllUses(of: id, with: twin)
      graph.removeValue(id)
    }
  }
}

/// What a node computes; equal for nodes that may be the same.
private struct Expression: Hashable {
  var name: OperatorName
  var inputs: [ValueID?]
  var digest: Int
}

/// What can be told of a constant from its ends; equal for constants that may be the same.
private struct TensorSample: Hashable {
  private static let byteCount = 64

  var dtype: DType
  var shape: [Int]
  var first: [UInt8]
  var last: [UInt8]

  init(_ tensor: Tensor) {
    dtype = tensor.dtype
    shape = tensor.shape
    (first, last) = tensor.withBytes { (Array($0.prefix(Self.byteCount)), Array($0.suffix(Self.byteCount))) }
  }
}
