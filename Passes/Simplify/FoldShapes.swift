import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Computes the arithmetic on extents that inference can follow, and leaves in its place the least that says the same.
///
/// ```
/// %s = Shape(%x)                              @t: i64[4] = [0, 0, 12, 64]
/// %b = Gather(%s, 0)                     →    %y = Reshape(%x, @t)
/// %n = Gather(%s, 1)
/// %t = Concat(Unsqueeze(%b), Unsqueeze(%n), [12], [64])
/// %y = Reshape(%x, %t)
/// ```
/// * Integers and truth values that are known whatever the symbols are become constants.
/// * The target of a Reshape becomes a constant with 0 where the extent is the operand's own and −1 for one that is not.
/// * The target of an Expand becomes a constant where extents are known or the operand's own; the bounds of a Slice where they are known or
///   reach to the end.
/// * An Expand or ConstantOfShape goes if all that reads its result broadcasts anyway: elementwise operators, and look-ups on the way to
///   them.
/// * What remains is read from the shapes of as few values as possible, inputs before all others.
///
/// Extents of one symbol, or of one value, count as equal; all others may differ. −1 stands only where no 0 can, since an empty
/// tensor leaves it open.
public struct FoldShapes: Pass {
  public static let id: PassID = "simplify/fold-shapes"
  public static let summary = "computes shapes that are known and shortens what is not"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .identicalBits }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    var walk = ShapeWalk(context, graph)
    for input in graph.inputs + graph.captures { walk.meet(input, &graph) }
    for id in graph.order { try walk.visit(id, &graph) }
    for id in graph.order where graph.contains(id) { try walk.shrink(id, &graph) }
    walk.names.remove(from: &graph)
    context.removeUnread(walk.loose, in: &graph)
    return walk.outcome
  }
}
