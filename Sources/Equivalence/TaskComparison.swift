import LatheJSON
import OrderedCollections

/// Compares two models' answers to one task, sample by sample.
public struct TaskComparison: Sendable {
  private enum Figures: Sendable {
    case choices(ChoiceComparison, EntityComparison?)
    case spans(SpanComparison)
    case embedding(EmbeddingComparison)
    case regression(RegressionComparison)
    case labels(LabelComparison)
    case none
  }

  public let task: OutputTask
  private let labels: [String]
  private var figures: Figures
  /// Samples that are more or fewer tokens to the candidate.
  public private(set) var skipped = 0

  /// - Parameter labels: the model's names of classes, by which entities are known.
  public init(_ task: OutputTask, labels: [String]) {
    self.task = task
    self.labels = labels
    figures =
      switch task.kind {
      case .classification, .sequence: .choices(ChoiceComparison(isByToken: task.isByToken), nil)
      case .tokenClassification: .choices(ChoiceComparison(isByToken: true), EntityComparison(labels: labels))
      case .spans: .spans(SpanComparison())
      case .embedding: .embedding(EmbeddingComparison())
      case .regression: .regression(RegressionComparison())
      case .labels: .labels(LabelComparison())
      case .values: .none
      }
  }

  /// Compares one sample's parts of the task's outputs, in the order of the task.
  public mutating func add(sample: Int, reference: [SampleRow], candidate: [SampleRow], label: Int?) {
    guard let one = reference.first, let two = candidate.first, reference.count == task.outputs.count, candidate.count == reference.count else { return }
    let isPaired = zip(reference, candidate).allSatisfy { $0.width == $1.width && $0.count == $1.count }
    guard isPaired || task.kind == .embedding && one.width == two.width else {
      skipped += 1
      return
    }
    switch figures {
    case .choices(var choices, var entities):
      figures = .none
      choices.add(sample: sample, one, two, label: label)
      entities?.add(one, two)
      figures = .choices(choices, entities)
    case .spans(var spans):
      figures = .none
      if let end = reference.last, let other = candidate.last { spans.add(sample: sample, (one, end), (two, other)) }
      figures = .spans(spans)
    case .embedding(var embedding):
      figures = .none
      embedding.add(sample: sample, one, two)
      figures = .embedding(embedding)
    case .regression(var regression):
      figures = .none
      regression.add(sample: sample, one, two)
      figures = .regression(regression)
    case .labels(var labels):
      figures = .none
      labels.add(sample: sample, one, two)
      figures = .labels(labels)
    case .none: break
    }
  }

  /// Appends what another comparison of the same task saw after this one.
  public mutating func merge(_ next: TaskComparison) {
    skipped += next.skipped
    switch (figures, next.figures) {
    case (.choices(var choices, var entities), .choices(let others, let otherEntities)):
      figures = .none
      choices.merge(others)
      if let otherEntities { entities?.merge(otherEntities) }
      figures = .choices(choices, entities)
    case (.spans(var spans), .spans(let others)):
      figures = .none
      spans.merge(others)
      figures = .spans(spans)
    case (.embedding(var embedding), .embedding(let others)):
      figures = .none
      embedding.merge(others)
      figures = .embedding(embedding)
    case (.regression(var regression), .regression(let others)):
      figures = .none
      regression.merge(others)
      figures = .regression(regression)
    case (.labels(var labels), .labels(let others)):
      figures = .none
      labels.merge(others)
      figures = .labels(labels)
    default: break
    }
  }

  /// Works out what only all samples together tell; to be called behind the last one.
  public mutating func finish() {
    guard case .embedding(var embedding) = figures else { return }
    embedding.findNeighbours()
    figures = .embedding(embedding)
  }

  /// Agreement of the decisions; nil for a task that makes none.
  public var agreement: Proportion? {
    switch figures {
    case .choices(let choices, _): choices.agreement
    case .spans(let spans): spans.exact
    case .labels(let labels): labels.agreement
    default: nil
    }
  }

  /// What the figures say besides agreement, for people; nil where they say nothing.
  public var summary: String? {
    switch figures {
    case .choices(_, let entities?):
      return "\(entities.common) entities are the same of the reference's \(entities.reference) and the candidate's \(entities.candidate), F1 \(Self.short(entities.f1))"
    case .embedding(let embedding):
      guard let least = embedding.worst.first else { return nil }
      let neighbours = embedding.neighbours.agreement
      let kept = neighbours.total > 0 ? ", \(neighbours.successes) of \(neighbours.total) nearest neighbours are the same" : ""
      return "the least cosine between a sample's vectors is \(Self.short(least.cosine))\(kept)"
    case .regression(let regression): return regression.worst.first.map { "the largest error is \(Self.short($0.error))" }
    default: return nil
    }
  }

  /// The samples that changed most, with what happened to each.
  public func worst(_ count: Int) -> [(sample: Int, what: String)] {
    switch figures {
    case .choices(let choices, _): choices.clearestFlips.prefix(count).map { ($0.sample, describe($0)) }
    case .spans(let spans):
      spans.clearestFlips.prefix(count).map {
        ($0.sample, "the answer moved from tokens \($0.reference.lowerBound)–\($0.reference.upperBound) to \($0.candidate.lowerBound)–\($0.candidate.upperBound), margin \(Self.short($0.margin))")
      }
    case .embedding(let embedding): embedding.worst.prefix(count).filter { $0.cosine < 1 - 1e-6 }.map { ($0.sample, "cosine \(Self.short($0.cosine))") }
    case .regression(let regression): regression.worst.prefix(count).filter { $0.error > 0 }.map { ($0.sample, "error \(Self.short($0.error))") }
    case .labels(let labels):
      labels.flips.prefix(count).map { flip in
        (flip.sample, (flip.place.map { "place \($0): " } ?? "") + "\(name(flip.reference)) became \(name(flip.candidate))")
      }
    case .none: []
    }
  }

  /// A number that may stand for a class.
  private func name(_ number: Double) -> String {
    guard let index = Int(exactly: number) else { return "\(number)" }
    return labels.indices.contains(index) ? labels[index] : "\(index)"
  }

  private func describe(_ flip: ChoiceComparison.Flip) -> String {
    let place = flip.token.map { "token \($0): " } ?? ""
    return "\(place)\(name(Double(flip.reference))) became \(name(Double(flip.candidate))), margin \(Self.short(flip.margin))"
  }

  private static func short(_ value: Double) -> String { "\((value * 1e5).rounded() / 1e5)" }

  /// The figures for reports.
  ///
  /// - Parameter kept: flips and samples that are listed one by one.
  public func json(kept: Int) -> JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "name": .string(task.name), "outputs": .array(task.outputs.map { .string($0) }), "task": .string(task.kind.rawValue),
      "reason": .string(task.reason), "skipped": .integer(Int64(skipped)),
    ]
    switch figures {
    case .choices(let choices, let entities):
      object.merge(choices.json(isSequence: task.kind == .sequence, kept: kept)) { first, _ in first }
      if let entities { object["entities"] = entities.json }
    case .spans(let spans): object.merge(spans.json(kept: kept)) { first, _ in first }
    case .embedding(let embedding): object.merge(embedding.json) { first, _ in first }
    case .regression(let regression): object.merge(regression.json) { first, _ in first }
    case .labels(let labels): object.merge(labels.json(kept: kept)) { first, _ in first }
    case .none: break
    }
    return .object(object)
  }
}
