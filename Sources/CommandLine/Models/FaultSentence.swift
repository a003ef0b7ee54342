import LatheEquivalence
import LatheIR

/// Names what is at fault between two graphs, and says so.
struct FaultSentence {
  /// The node to blame: of those that err, one that reads a constant which changed comes first.
  let node: String?
  /// The constant that it reads otherwise.
  let constant: ConstantChange?
  private let culprit: NodeEffect?

  init(_ culprit: NodeEffect?, _ difference: GraphDifference, in graph: Graph) {
    let order = graph.order.map(graph.describe)
    let readers = Set(difference.constants.flatMap(\.readers))
    let suspects = culprit.map { [$0.entry.node] + $0.entry.companions } ?? []
    let node =
      suspects.first(where: readers.contains) ?? suspects.first ?? order.first(where: readers.contains)
      ?? order.first(where: difference.touched.contains)
    constant = difference.constants.first { change in node.map(change.readers.contains) ?? false }
    (self.node, self.culprit) = (node, culprit)
  }

  /// Of a pass.
  func pass(_ stage: RecipeReplay.Stage, of count: Int, violation: String?) -> String {
    let head = "\(stage.pass), pass \(stage.step) of \(count), is the one that breaks the tolerance" + (violation.map { " (\($0))" } ?? "")
    return head + clause + (constant.map { ": its @\($0.name) changed in \($0.summary)" } ?? "")
  }

  /// Of a file, and who made what differs.
  func file(_ maker: (step: Int, pass: String)?, of count: Int) -> String {
    let subject: String
    if let constant {
      subject = "@\(constant.name), which \(node ?? "no node") reads, differs in \(constant.summary)"
    } else {
      subject = "the node \(node ?? "(none)") is another"
    }
    let origin = maker.map { $0.step == 0 ? "; it came so with the source" : "; \($0.pass), pass \($0.step) of \(count), made it otherwise" }
    let effect = culprit?.report.violations.first.map { ", and this alone breaks the tolerance (\($0.message))" }
    return "the file is not what its recipe makes: \(subject)\(origin ?? "")\(effect ?? "")"
  }

  /// Of a model of whose passes nothing is known.
  func model(_ reason: String) -> String { "the tolerance breaks\(clause); of passes nothing is known: \(reason)" }

  /// What a scale says that no activation needs: that the constants of a mask are in it.
  private var mask: String {
    guard let step = culprit?.entry.pair.candidateScale?.scales.max(), step > Self.largestStep else { return "" }
    return "; one step of its codes is \(step), as where the constants of a mask are in the scale"
  }

  /// A mask of −10000 gives steps of 79.
  private static let largestStep: Float = 50

  private var clause: String {
    guard let culprit else { return node.map { ", at the node \($0), as far as can be told" } ?? ", though no node that can be compared errs by itself" }
    let name = node ?? culprit.entry.node
    let others = ([culprit.entry.node] + culprit.entry.companions).filter { $0 != name }
    // A node that reads what changed needs no others beside it.
    let from = constant != nil || others.isEmpty ? "" : " or \(others.joined(separator: ", ")) beside it"
    guard let violation = culprit.report.violations.first else { return ", not by one node alone; the largest part is that of \(name)\(from)" }
    return ", at the node \(name)\(from), which breaks it alone (\(violation.message))\(mask)"
  }
}
