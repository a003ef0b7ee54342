import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheSamples
import LatheTensors
import LatheTokenizers

/// Compares what two models decide, sample by sample, task by task.
struct DecisionJudge: Sendable {
  let tasks: [OutputTask]
  private let labels: [String]
  /// Class index of each sample; empty where none is known.
  private let classes: [Int?]
  /// Which tokens count, by sample; none for samples that carry no padding.
  private let masks: [Int: [[Bool]]]
  /// Whether the rows of outputs are samples of their own.
  private let isSingleFeed: Bool

  /// - Parameter overrides: what outputs decide, where the user says so.
  /// - Throws: `verify/task`, and the engine's diagnostics where outputs' types are known only by running.
  init(_ reference: FeedComparison.Runner, _ set: SampleSet, _ text: TextAssets?, overrides: [String: TaskKind] = [:]) throws(Diagnostic) {
    let graph = reference.engine.graph
    var forms = graph.outputs.compactMap { TaskChoice.Form($0, in: graph) }
    if forms.count < graph.outputs.count, let feed = set.feeds.first {
      let tensors = try reference.engine.run(feed.restricted(to: Set(graph.inputs.map { graph[$0].name })))
      forms = zip(graph.outputs, tensors).map { TaskChoice.Form(graph[$0].name, $1.dtype, $1.shape) }
    }
    let vocabulary = try text.map { (text) throws(Diagnostic) in text.vocabulary.isEmpty ? 0 : try Vocabulary(text.vocabulary).count } ?? 0
    let choice = TaskChoice(labelCount: text?.labels.count ?? 0, vocabularySize: vocabulary, overrides: overrides)
    tasks = try choice.tasks(for: forms)
    labels = text?.labels ?? []
    classes = set.labels
    masks = Dictionary(set.feeds.compactMap { feed in feed.tokenMasks.map { (feed.samples.first ?? 0, $0) } }) { first, _ in first }
    isSingleFeed = set.isSingleFeed
  }

  /// Comparisons that have seen nothing.
  var comparisons: [TaskComparison] { tasks.map { TaskComparison($0, labels: labels) } }

  /// What a feed's outputs decide.
  ///
  /// - Throws: an internal fault if rows cannot be cut out.
  func compare(
    _ feed: Feed, _ reference: [String: Tensor], _ candidate: [String: Tensor], of graph: Graph
  ) throws(Diagnostic) -> [TaskComparison] {
    var comparisons = comparisons
    let ids = Dictionary(graph.outputs.map { (graph[$0].name, $0) }) { first, _ in first }
    for (place, sample) in feed.samples.enumerated() {
      var (one, two): ([String: Tensor], [String: Tensor]) = ([:], [:])
      for name in tasks.flatMap(\.outputs) {
        one[name] = try reference[name].flatMap { (tensor) throws(Diagnostic) in try feed.row(place, of: tensor, ids[name], in: graph) }
        two[name] = try candidate[name].flatMap { (tensor) throws(Diagnostic) in try feed.row(place, of: tensor, ids[name], in: graph) }
      }
      try add(sample, one, two, to: &comparisons)
    }
    return comparisons
  }

  /// Compares one sample's parts of the outputs.
  func add(
    _ sample: Int, _ reference: [String: Tensor], _ candidate: [String: Tensor], to comparisons: inout [TaskComparison]
  ) throws(Diagnostic) {
    let label = classes.indices.contains(sample) ? classes[sample] : nil
    for index in comparisons.indices {
      let task = comparisons[index].task
      let tensors = task.outputs.compactMap { name in reference[name].flatMap { one in candidate[name].map { (one, $0) } } }
      guard task.kind != .values, tensors.count == task.outputs.count else { continue }
      let parts = isSingleFeed ? tensors[0].0.shape.first ?? 1 : 1
      for part in 0..<parts {
        var (left, right): ([SampleRow], [SampleRow]) = ([], [])
        for (one, two) in tensors {
          left.append(try row(one, part, of: parts, task, sample))
          right.append(try row(two, part, of: parts, task, sample))
        }
        comparisons[index].add(sample: isSingleFeed ? part : sample, reference: left, candidate: right, label: label)
      }
    }
  }

  private func row(_ tensor: Tensor, _ part: Int, of parts: Int, _ task: OutputTask, _ sample: Int) throws(Diagnostic) -> SampleRow {
    let own = parts > 1 && part < tensor.shape[0] ? try tensor.keeping([part], along: 0) : tensor
    let width = task.kind == .spans || task.kind == .labels || own.rank < 2 ? 1 : own.shape[own.rank - 1]
    let row = SampleRow(own.doubles() ?? [], width: width)
    guard let mask = masks[sample], mask.indices.contains(part) else { return row }
    return row.keeping(mask[part])
  }
}

extension TaskChoice.Form {
  /// nil where the graph does not say all that is asked for.
  fileprivate init?(_ id: ValueID, in graph: Graph) {
    guard let type = graph[id].type?.tensor, let shape = type.shape else { return nil }
    guard !type.dtype.isFloat || shape.count < 2 || shape[shape.count - 1].known != nil || shape.count == 2 && graph[id].isNamedAsSpan else { return nil }
    self.init(graph[id].name, type.dtype, shape.map(\.known))
  }

  fileprivate init(_ name: String, _ dtype: DType, _ shape: [Int?]) {
    self.init(name: name, shape: shape, isFloat: dtype.isFloat, isWhole: dtype.isInteger || dtype == .bool)
  }
}

extension Value {
  fileprivate var isNamedAsSpan: Bool { name.lowercased().contains("start") || name.lowercased().contains("end") }
}
