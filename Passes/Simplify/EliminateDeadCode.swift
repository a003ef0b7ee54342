import LatheDiagnostics
import LatheIR
import LathePassKit

/// Removes nodes and constants that no output depends on.
///
/// ```
/// %a = Add(%x, @b)             →    %a = Add(%x, @b)
/// %unused = Erf(%a)
/// return %a                         return %a
/// ```
/// Graph inputs stay, used or not: they are the model's interface.
public struct EliminateDeadCode: Pass {
  public static let id: PassID = "simplify/eliminate-dead-code"
  public static let summary = "removes what no output depends on"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    var live = Set(graph.outputs)
    var dead: Set<NodeID> = []
    for id in graph.order.reversed() {
      if graph[id].outputs.contains(where: { $0.map(live.contains) ?? false }) {
        live.formUnion(graph[id].operands)
      } else {
        dead.insert(id)
        outcome.record(graph.describe(id), .done)
      }
    }
    graph.removeNodes(dead)
    for id in graph.constants where !live.contains(id) {
      outcome.record("@\(graph[id].name)", .done)
      graph.removeValue(id)
    }
    return outcome
  }
}
