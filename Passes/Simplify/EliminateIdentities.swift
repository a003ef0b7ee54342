import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// Removes nodes that return their operand unchanged.
///
/// ```
/// %a = Identity(%x)            →    (nothing)
/// %y = Add(%a, @b)             →    %y = Add(%x, @b)
/// ```
/// An Identity from a graph input or a constant straight to a graph output stays: it is what gives the output its name.
public struct EliminateIdentities: Pass {
  public static let id: PassID = "simplify/eliminate-identities"
  public static let summary = "removes Identity nodes"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    for id in graph.order where graph[id].op is Identity {
      let description = graph.describe(id)
      guard let input = graph[id].inputs.first ?? nil, let output = graph[id].outputs.first ?? nil else { continue }
      if graph.isOutput(output) {
        guard graph[input].producer != nil, !graph.isOutput(input) else {
          outcome.record(description, .declined("it names a graph output that no other node produces"))
          continue
        }
        let name = graph[output].name
        graph.replaceAllUses(of: output, with: input)
        graph.removeNode(id)
        try graph.rename(input, to: name)
      } else {
        graph.replaceAllUses(of: output, with: input)
        graph.removeNode(id)
      }
      outcome.record(description, .done)
    }
    return outcome
  }
}
