import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit

/// Brings weights that `layout/pack-weights` packed back into rows, where other passes and other formats expect them.
///
/// ```
/// %y = lathe::PackedLinear(%x, @w.packed, @b) {columns = 1536}    →    %y = lathe::Linear(%x, @w, @b)
/// ```
/// Conversion of a .lathe file begins with this pass.
public struct UnpackWeights: Pass {
  public static let id: PassID = "layout/unpack-weights"
  public static let summary = "brings packed weights back into rows"

  private static let suffix = ".packed"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    for id in graph.order {
      let node = graph[id]
      guard let op = node.op as? PackedLinear, let weights = node.inputs[1] else { continue }
      let description = graph.describe(id)
      guard let tensor = graph.constant(weights) else {
        outcome.record(description, .declined("its weights are not constant"))
        continue
      }
      let packedName = graph[weights].name
      let name = packedName.hasSuffix(Self.suffix) ? String(packedName.dropLast(Self.suffix.count)) : packedName
      let unpacked = try graph.addConstant(graph.uniqueName(name), try PackedLinear.unpacked(tensor, columns: op.columns))
      graph.setOperator(op.linear, of: id)
      graph.setInput(1, of: id, to: unpacked)
      if graph[weights].users.isEmpty && !graph.isOutput(weights) { graph.removeValue(weights) }
      outcome.record(description, .done)
    }
    return outcome
  }
}
