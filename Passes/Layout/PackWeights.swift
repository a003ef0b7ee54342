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
/// QuantizedLinear becomes PackedQuantizedLinear.
/// Weights that anything else reads stay as they are. Conversion to .lathe ends with this pass.
public struct PackWeights: Pass {
  public static let id: PassID = "layout/pack-weights"
  public static let summary = "stores weights in the order in which kernels read them"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var outcome = PassOutcome()
    for id in graph.order {
      let position: Int
      switch graph[id].op {
      case is Linear: position = 1
      case is QuantizedLinear: position = 2
      default: continue
      }
      guard let weights = graph[id].inputs[position] else { continue }
      let description = graph.describe(id)
      guard let tensor = graph.constant(weights), tensor.rank == 2, !tensor.shape.contains(0) else {
        outcome.record(description, .declined("its weights are not constant"))
        continue
      }
      guard graph[weights].users.count == 1, !graph.isOutput(weights) else {
        outcome.record(description, .declined("something else reads its weights"))
        continue
      }
      let (op, packed) = try Self.packed(graph[id].op, tensor)
      let constant = try graph.addConstant(graph.uniqueName("\(graph[weights].name).packed"), packed)
      graph.setOperator(op, of: id)
      graph.setInput(position, of: id, to: constant)
      graph.removeValue(weights)
      outcome.record(description, .done)
    }
    return outcome
  }

  private static func packed(_ op: any Operator, _ weights: Tensor) throws(Diagnostic) -> (any Operator, Tensor) {
    let (rows, columns) = (weights.shape[0], weights.shape[1])
    if let layer = op as? QuantizedLinear {
      return (PackedQuantizedLinear(layer, rows: rows, columns: columns), try PackedQuantizedLinear.packed(weights))
    }
    return (PackedLinear(op as? Linear ?? Linear(), columns: columns), try PackedLinear.packed(weights))
  }
}
