import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTokenizers

/// Differences in what two models make of texts and classes that leave a comparison of numbers without meaning.
enum TextConflicts {
  /// - Throws: `tokenizers/…` for a vocabulary that is none.
  static func between(_ reference: Model, _ candidate: Model) throws(Diagnostic) -> [String] {
    var conflicts = try oversize(reference, "reference")
    if candidate.text != nil { conflicts += try oversize(candidate, "candidate") }
    return conflicts + labels(reference, candidate)
  }

  /// A vocabulary with more tokens than the table of embeddings has rows is another model's.
  private static func oversize(_ model: Model, _ side: String) throws(Diagnostic) -> [String] {
    guard let bytes = model.text?.vocabulary, !bytes.isEmpty else { return [] }
    let rows = IndexBounds.rows(of: model.graph)
    guard let input = TextInputs.ids(of: model), let count = rows[input] else { return [] }
    let tokens = try Vocabulary(bytes).count
    guard tokens > count else { return [] }
    return ["the \(side)'s vocabulary has \(tokens) tokens, but its table has \(count) rows: the vocabulary is another model's"]
  }

  private static func labels(_ reference: Model, _ candidate: Model) -> [String] {
    guard let one = reference.text?.labels, let two = candidate.text?.labels, !one.isEmpty, !two.isEmpty, one != two else { return [] }
    guard one.count == two.count else { return ["the reference has \(one.count) labels, and the candidate \(two.count)"] }
    let place = one.indices.first { one[$0] != two[$0] } ?? 0
    return ["the models call their classes otherwise: class \(place) is \(one[place]) to the reference, and \(two[place]) to the candidate"]
  }
}
