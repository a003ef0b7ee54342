import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

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
      guard let position = Self.weightsPosition(graph[id].op), let weights = graph[id].inputs[position] else { continue }
      let description = graph.describe(id)
      guard let tensor = graph.constant(weights) else {
        outcome.record(description, .declined("its weights are not constant"))
        continue
      }
      let packedName = graph[weights].name
      let name = packedName.hasSuffix(Self.suffix) ? String(packedName.dropLast(Self.suffix.count)) : packedName
      let (op, unpacked) = try Self.unpacked(graph[id].op, tensor)
      let constant = try graph.addConstant(graph.uniqueName(name), unpacked)
      graph.setOperator(op, of: id)
      graph.setInput(position, of: id, to: constant)
      if graph[weights].users.isEmpty && !graph.isOutput(weights) { graph.removeValue(weights) }
      outcome.record(description, .done)
    }
    return outcome
  }

  private static func weightsPosition(_ op: any Operator) -> Int? {
    switch op {
    case is PackedLinear: 1
    case is PackedQuantizedLinear: 2
    default: nil
    }
  }

  private static func unpacked(_ op: any Operator, _ packed: Tensor) throws(Diagnostic) -> (any Operator, Tensor) {
    switch op {
    case let op as PackedLinear: (op.linear, try PackedLinear.unpacked(packed, columns: op.columns))
    case let op as PackedQuantizedLinear:
      (op.linear, try PackedQuantizedLinear.unpacked(packed, rows: op.rows, columns: op.columns))
    default: (op, packed)
    }
  }
}
