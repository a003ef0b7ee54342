import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Merges Transposes, and moves them where they meet and cancel.
///
/// ```
/// %a = Transpose(%x, [0, 2, 3, 1])      →    %y = Relu(%x)
/// %b = Relu(%a)
/// %y = Transpose(%b, [0, 3, 1, 2])
/// ```
/// * Two in a row become one, or none.
/// * One behind elementwise operators moves before them if all they read is constant, a single number, or transposed already.
/// * An elementwise operator on two operands that are transposed alike is transposed once instead.
/// * Before a Gemm, the exchange of two axes becomes its attribute.
/// * Reshape, Transpose, Reshape become one Transpose where the first joins axes that the last takes apart again.
///
/// Each of these leaves fewer nodes, or as many with one fewer Transpose.
public struct MergeTransposes: Pass {
  public static let id: PassID = "simplify/merge-transposes"
  public static let summary = "merges Transposes and cancels those that undo each other"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var walk = TransposeWalk(context)
    for id in graph.order where graph.contains(id) { try walk.visit(id, &graph) }
    context.removeUnread(walk.loose, in: &graph)
    return walk.outcome
  }
}
