import LatheDiagnostics

/// Chooses what outputs decide, by what the user says, by their names, their shapes and the model's labels, in this order.
public struct TaskChoice: Sendable {
  /// An output as far as it is known.
  public struct Form: Sendable {
    public var name: String
    /// nil for an extent that differs from run to run.
    public var shape: [Int?]
    public var isFloat: Bool
    /// Whether its elements are whole numbers or truth values.
    public var isWhole: Bool

    public init(name: String, shape: [Int?], isFloat: Bool, isWhole: Bool = false) {
      self.name = name
      self.shape = shape
      self.isFloat = isFloat
      self.isWhole = isWhole
    }

    /// The extent of the last axis.
    fileprivate var width: Int? { shape.last ?? nil }

    fileprivate func isCalled(_ parts: String...) -> Bool { parts.contains { name.lowercased().contains($0) } }
  }

  /// Fewer columns than this are taken for classes of tokens rather than a vocabulary.
  private static let leastVocabulary = 4096

  private let labelCount: Int
  private let vocabularySize: Int
  private let overrides: [String: TaskKind]

  /// - Parameters:
  ///   - labelCount: names of classes that the model carries; 0 for none.
  ///   - vocabularySize: of the model's tokenizer; 0 for none.
  ///   - overrides: what the user says, by output.
  public init(labelCount: Int, vocabularySize: Int, overrides: [String: TaskKind] = [:]) {
    self.labelCount = labelCount
    self.vocabularySize = vocabularySize
    self.overrides = overrides
  }

  /// The tasks, in the order of the outputs.
  ///
  /// - Throws: `verify/task` for an override that does not suit the outputs.
  public func tasks(for forms: [Form]) throws(Diagnostic) -> [OutputTask] {
    for name in overrides.keys.sorted() where !forms.contains(where: { $0.name == name }) {
      throw Diagnostic(
        "verify/task", .usage, "there is no output \(name) to have a task", notes: ["the outputs are \(forms.map(\.name).joined(separator: ", "))"],
        fix: Spelling.nearest(name, among: forms.map(\.name)).map { "did you mean \($0)?" })
    }
    let pair = try spans(forms)
    var tasks: [OutputTask] = []
    for form in forms {
      if let pair, pair.outputs.contains(form.name) {
        if form.name == pair.outputs[0] { tasks.append(pair) }
        continue
      }
      tasks.append(try task(form))
    }
    return tasks
  }

  /// The two outputs that say where answers start and end.
  private func spans(_ forms: [Form]) throws(Diagnostic) -> OutputTask? {
    let asked = forms.filter { overrides[$0.name] == .spans }
    if !asked.isEmpty {
      guard asked.count == 2, asked.allSatisfy({ $0.isFloat && $0.shape.count == 2 }) else {
        throw Diagnostic(
          "verify/task", .usage, "answers are told by two outputs of [batch, sequence], and \(asked.map(\.name).joined(separator: ", ")) are not these",
          fix: "give --task START=spans --task END=spans")
      }
      let starts = asked[1].isCalled("start") ? [asked[1], asked[0]] : asked
      return OutputTask(starts.map(\.name), .spans, reason: "the user says so")
    }
    let candidates = forms.filter { overrides[$0.name] == nil && $0.isFloat && $0.shape.count == 2 }
    guard let start = candidates.first(where: { $0.isCalled("start") }), let end = candidates.first(where: { $0.isCalled("end") && $0.name != start.name })
    else { return nil }
    return OutputTask([start.name, end.name], .spans, reason: "two outputs of [batch, sequence] are named after start and end")
  }

  private func task(_ form: Form) throws(Diagnostic) -> OutputTask {
    if let kind = overrides[form.name] {
      guard Self.suits(kind, form) else {
        throw Diagnostic(
          "verify/task", .usage, "the output \(form.name) has \(form.shape.count) axes\(form.isFloat ? "" : " and no floats"), which does not suit the task \(kind.rawValue)",
          fix: "give --task \(form.name)=values to measure errors only")
      }
      return OutputTask([form.name], kind, reason: "the user says so")
    }
    let (kind, reason) = chosen(form)
    return OutputTask([form.name], kind, reason: reason)
  }

  private static func suits(_ kind: TaskKind, _ form: Form) -> Bool {
    let rank = form.shape.count
    switch kind {
    case .classification: return form.isFloat && rank == 2
    case .tokenClassification, .sequence: return form.isFloat && rank == 3
    case .embedding: return form.isFloat && (rank == 2 || rank == 3)
    case .regression: return form.isFloat && (1...2).contains(rank)
    case .spans: return form.isFloat
    case .labels: return form.isWhole
    case .values: return true
    }
  }

  private func chosen(_ form: Form) -> (TaskKind, String) {
    if form.isWhole { return (.labels, "its elements are whole numbers or truth values, which are compared exactly") }
    guard form.isFloat else { return (.values, "its elements are no floats") }
    switch form.shape.count {
    case 1: return (.regression, "one number for each sample")
    case 2: return ofRows(form)
    case 3: return ofTokens(form)
    default: return (.values, "it has \(form.shape.count) axes")
    }
  }

  private func ofRows(_ form: Form) -> (TaskKind, String) {
    guard let width = form.width else { return (.values, "rows of no fixed width") }
    if width == 1 { return (.regression, "one number for each sample") }
    if width == labelCount { return (.classification, "rows of \(width), for which the model has as many labels") }
    if form.isCalled("embed", "pool", "feature", "vector", "hidden", "sentence") { return (.embedding, "rows of \(width), by its name") }
    if form.isCalled("logit", "score", "prob", "class", "label", "softmax") { return (.classification, "rows of \(width), by its name") }
    if width >= 64, width.isMultiple(of: 64) { return (.embedding, "rows of \(width), a multiple of 64, without labels") }
    return (.classification, "rows of \(width), no multiple of 64")
  }

  private func ofTokens(_ form: Form) -> (TaskKind, String) {
    guard let width = form.width, width > 1 else { return (.values, "three axes, of which the last is no row of scores") }
    if width == labelCount { return (.tokenClassification, "rows of \(width) for each token, for which the model has as many labels") }
    if width == vocabularySize { return (.sequence, "rows of \(width) for each token, as many as the vocabulary has tokens") }
    if form.isCalled("embed", "hidden", "state", "feature") { return (.embedding, "rows of \(width) for each token, by its name; compared by their mean") }
    if width >= Self.leastVocabulary { return (.sequence, "rows of \(width) for each token, too many for classes") }
    if form.isCalled("logit", "score", "prob", "label", "tag") { return (.tokenClassification, "rows of \(width) for each token, by its name") }
    if width >= 64, width.isMultiple(of: 64) { return (.embedding, "rows of \(width) for each token, a multiple of 64; compared by their mean") }
    return (.tokenClassification, "rows of \(width) for each token, no multiple of 64")
  }
}
