import LatheEquivalence
import LatheReports

/// What changed between two models, for review: a paragraph for each kind of change.
struct DifferenceText {
  private let difference: ModelDifference
  private let before, after: String
  /// Lines of one kind that are written out.
  private let most: Int

  init(_ difference: ModelDifference, before: String, after: String, most: Int) {
    (self.difference, self.before, self.after, self.most) = (difference, before, after, most)
  }

  var text: String {
    guard !difference.isEmpty else { return "the models are the same\(difference.hasOtherRecord ? "; what was done to make them differs" : "")\n" }
    let graph = difference.graph
    let scales = graph.constants.filter { $0.isScale && $0.keepsType }
    let weights = graph.constants.filter { !$0.isScale && $0.keepsType }
    let retyped = graph.constants.filter { !$0.keepsType }
    return paragraph("inputs and outputs", graph.interface)
      + paragraph("metadata", difference.metadata) + paragraph("texts", difference.text)
      + paragraph(
        "extents",
        difference.extents.map {
          "\(NumberFormat.grouped($0.before)) → \(NumberFormat.grouped($0.after)) \($0.what), in \($0.constants) constant\($0.constants == 1 ? "" : "s")"
        })
      + paragraph("nodes that stand for others", graph.rewritten.map(Self.line))
      + paragraph("nodes that changed", graph.changed.map(Self.line))
      + paragraph("nodes that came", graph.added) + paragraph("nodes that went", graph.removed)
      + paragraph("constants whose contents changed", weights.map(Self.line))
      + paragraph("scales that changed", scales.map(Self.line))
      + paragraph("constants of another type or shape", retyped.map(Self.line))
      + paragraph("constants that are stored anew", graph.recoded.map { "\($0.name): \($0.before) → \($0.after)" })
      + paragraph("constants that came", graph.addedConstants) + paragraph("constants that went", graph.removedConstants)
      + (difference.hasOtherRecord ? "what was done to make them differs as well\n" : "")
  }

  private static func line(_ change: ConstantChange) -> String {
    let readers = change.readers.prefix(3).joined(separator: ", ") + (change.readers.count > 3 ? ", …" : "")
    return "\(change.name): \(change.summary)" + (readers.isEmpty ? "" : " — read by \(readers)")
  }

  private static func line(_ rewriting: GraphDifference.Rewriting) -> String {
    let after = rewriting.after.joined(separator: ", ")
    let isSame = rewriting.before == rewriting.after
    let source = isSame ? "" : rewriting.before.isEmpty ? " ← a constant or an input" : " ← \(listed(rewriting.before))"
    return after + source + (rewriting.changes.isEmpty ? "" : ": \(rewriting.changes.joined(separator: "; "))")
      + (rewriting.madeBy.map { " [\($0)]" } ?? "")
  }

  /// The first of many names; `--json` has them all.
  private static func listed(_ names: [String]) -> String {
    let shown = names.prefix(3).joined(separator: ", ")
    return names.count > 3 ? "\(shown), … \(names.count - 3) more" : shown
  }

  private func paragraph(_ title: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "" }
    let shown = lines.prefix(most).map { "  \($0)\n" }.joined()
    let rest = lines.count - min(most, lines.count)
    return "\(title) (\(NumberFormat.grouped(lines.count)))\n" + shown + (rest > 0 ? "  and \(rest) more; --all lists them\n" : "") + "\n"
  }
}
