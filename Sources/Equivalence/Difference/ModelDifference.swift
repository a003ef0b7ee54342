import LatheIR
import LatheJSON
import OrderedCollections

/// How one model differs from another: its graph, and what travels beside it.
public struct ModelDifference: Sendable {
  public let graph: GraphDifference
  /// Lines about who made the model, operator sets and annotations.
  public let metadata: [String]
  /// Lines about vocabulary, tokenizer and labels.
  public let text: [String]
  /// Whether other things were done to them. What was done is history: models of different histories can be the same.
  public let hasOtherRecord: Bool
  /// Extents that were cut, those of the vocabulary named.
  public let extents: [(before: Int, after: Int, constants: Int, what: String)]

  public init(_ before: Model, _ after: Model) {
    graph = GraphDifference(before.graph, after.graph)
    metadata = Self.metadata(before.metadata, after.metadata)
    text = Self.text(before.text, after.text)
    hasOtherRecord = before.record != after.record
    let sizes = (Self.tokens(before.text).count, Self.tokens(after.text).count)
    extents = graph.extents.map { cut in
      let isVocabulary = sizes.1 > 0 && cut.before >= sizes.0 && cut.after == sizes.1
      return (cut.before, cut.after, cut.constants, isVocabulary ? "rows of the vocabulary" : cut.what)
    }
  }

  /// Whether the models are the same, whatever was done to make them so.
  public var isEmpty: Bool { graph.isEmpty && metadata.isEmpty && text.isEmpty }

  private static func metadata(_ before: ModelMetadata, _ after: ModelMetadata) -> [String] {
    var lines: [String] = []
    func compare(_ what: String, _ one: String, _ other: String) {
      if one != other { lines.append("\(what): \(one.isEmpty ? "none" : one) → \(other.isEmpty ? "none" : other)") }
    }
    compare("producer", before.producerName, after.producerName)
    compare("producer version", before.producerVersion, after.producerVersion)
    compare("domain", before.domain, after.domain)
    compare("model version", "\(before.modelVersion)", "\(after.modelVersion)")
    compare("ONNX IR version", before.irVersion.map(String.init) ?? "", after.irVersion.map(String.init) ?? "")
    compare("documentation", before.annotations.documentation, after.annotations.documentation)
    for domain in Set(before.operatorSets.keys).union(after.operatorSets.keys).sorted() {
      let name = domain.isEmpty ? "ai.onnx" : domain
      compare(
        "operator set \(name)", before.operatorSets[domain].map(String.init) ?? "", after.operatorSets[domain].map(String.init) ?? "")
    }
    let (old, new) = (before.annotations.metadata, after.annotations.metadata)
    for key in Set(old.keys).union(new.keys).sorted() { compare("metadata \(key)", old[key] ?? "", new[key] ?? "") }
    return lines
  }

  private static func tokens(_ assets: TextAssets?) -> [ArraySlice<UInt8>] {
    (assets?.vocabulary ?? []).split(separator: 0x0A, omittingEmptySubsequences: true)
  }

  private static func text(_ before: TextAssets?, _ after: TextAssets?) -> [String] {
    var lines: [String] = []
    if before?.vocabulary ?? [] != after?.vocabulary ?? [] {
      let (one, other) = (tokens(before), tokens(after))
      let (old, new) = (Set(one), Set(other))
      lines.append(
        "vocabulary: \(one.count) → \(other.count) tokens; \(old.subtracting(new).count) went, \(new.subtracting(old).count) came")
    }
    if before?.labels ?? [] != after?.labels ?? [] {
      lines.append("labels: \(before?.labels.count ?? 0) → \(after?.labels.count ?? 0), of other names or in another order")
    }
    let (old, new) = (before?.tokenizerOptions ?? [:], after?.tokenizerOptions ?? [:])
    for key in Set(old.keys).union(new.keys).sorted() where old[key] != new[key] {
      lines.append("tokenizer \(key): \(old[key] ?? "default") → \(new[key] ?? "default")")
    }
    return lines
  }
}

extension ModelDifference {
  /// The difference for machines.
  public var json: JSONValue {
    func texts(_ lines: [String]) -> JSONValue { .array(lines.map { .string($0) }) }
    func rewritings(_ list: [GraphDifference.Rewriting]) -> JSONValue {
      .array(
        list.map {
          [
            "after": texts($0.after), "before": texts($0.before), "pass": $0.madeBy.map { .string($0) } ?? .null,
            "changes": texts($0.changes),
          ]
        })
    }
    return [
      "same": .bool(isEmpty), "interface": texts(graph.interface),
      "nodes": [
        "rewritten": rewritings(graph.rewritten), "changed": rewritings(graph.changed), "added": texts(graph.added),
        "removed": texts(graph.removed),
      ],
      "constants": [
        "changed": .array(graph.constants.map(\.json)), "added": texts(graph.addedConstants), "removed": texts(graph.removedConstants),
        "recoded": .array(
          graph.recoded.map { ["name": .string($0.name), "before": .string("\($0.before)"), "after": .string("\($0.after)")] }),
      ],
      "extents": .array(
        extents.map {
          [
            "before": .integer(Int64($0.before)), "after": .integer(Int64($0.after)), "constants": .integer(Int64($0.constants)),
            "what": .string($0.what),
          ]
        }),
      "metadata": texts(metadata), "text": texts(text), "other_record": .bool(hasOtherRecord),
    ]
  }
}
