import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Stores the constant weights of linear layers in the order in which kernels read them, so that a runtime maps them and repacks nothing.
///
/// ```
/// @w: f32[384, 1536]           →    @w.packed: f32[96, 384, 16]
/// %y = lathe::Linear(%x, @w, @b)    %y = lathe::PackedLinear(%x, @w.packed, @b) {columns = 1536}
/// ```
/// Weights that anything else reads stay as they are. Conversion to .lathe ends with this pass.
public struct PackWeights: Pass {
  public static let id: PassID = "layout/pack-weights"
  public static let summary = "stores weights in the order in which kernels read them"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    for id in graph.order {
      let node = graph[id]
      guard let op = node.op as? Linear, let weights = node.inputs[1] else { continue }
      let description = graph.describe(id)
      guard let tensor = graph.constant(weights) else {
        outcome.record(description, .declined("its weights are not constant"))
        continue
      }
      guard graph[weights].users.count == 1, !graph.isOutput(weights) else {
        outcome.record(description, .declined("something else reads its weights"))
        continue
      }
      let packed = try graph.addConstant(graph.uniqueName("\(graph[weights].name).packed"), try PackedLinear.packed(tensor))
      graph.setOperator(PackedLinear(op, columns: tensor.shape[1]), of: id)
      graph.setInput(1, of: id, to: packed)
      graph.removeValue(weights)
      outcome.record(description, .done)
    }
    return outcome
  }
}
