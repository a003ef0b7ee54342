import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LathePassKit
import LathePasses
import LatheRuntime
import LatheSamples
import LatheTensors
import LatheTokenizers
import OrderedCollections

/// Two models and the samples on which their values and outputs are held against each other, each as the model reads them.
struct TracedModels {
  /// Which samples count.
  enum Choice: Equatable {
    case all
    /// Texts, by their place in the file.
    case texts([Int])
    /// One run of tensors.
    case feed(Int)
  }

  let reference, candidate: (path: String, model: Model)
  /// The file of the samples.
  let samples: String
  let options: SampleOptions
  let limits: ResourceLimits
  let threads: Int
  let tolerance: Tolerance
  /// What outputs decide, where the user says so.
  var overrides: [String: TaskKind] = [:]

  /// The graph with its weights in rows, so that values and constants have the names that passes know.
  static func unpacked(_ model: Model, _ limits: ResourceLimits) throws(Diagnostic) -> Model {
    var model = model
    _ = try UnpackWeights(options: NoOptions()).run(on: &model.graph, in: PassContext(pass: UnpackWeights.id, limits: limits))
    return model
  }

  // MARK: - Samples

  /// The samples as a model with this text reads them.
  func set(_ text: TextAssets?, _ choice: Choice) throws(Diagnostic) -> SampleSet {
    var interface = ModelInterface(reference.model)
    interface.text = text
    var options = options
    if case .texts(let places) = choice { options.chosen = Set(places) }
    var set = try SampleReader.read(path: samples, for: interface, options: options)
    if case .feed(let index) = choice, set.feeds.indices.contains(index) {
      set.feeds = [set.feeds[index]]
      set.count = set.feeds[0].samples.count
    }
    return set
  }

  /// Texts that are the same tokens to two readings; all samples where both read alike.
  ///
  /// - Throws: `verify/nothing-covered` where no text is.
  func covered(_ one: TextAssets?, _ other: TextAssets?) throws(Diagnostic) -> Choice {
    guard one?.vocabulary ?? [] != other?.vocabulary ?? [] || one?.tokenizerOptions ?? [:] != other?.tokenizerOptions ?? [:] else { return .all }
    let (left, right) = (try set(one, .all), try set(other, .all))
    guard left.texts != nil, let before = left.ids, let after = right.ids else { return .all }
    let tokens = (try Vocabulary(one?.vocabulary ?? []).tokens, try Vocabulary(other?.vocabulary ?? []).tokens)
    func reading(_ ids: [Int32], _ tokens: [String]) -> [String] {
      ids.map { tokens.indices.contains(Int($0)) ? tokens[Int($0)] : "" }
    }
    let same = before.indices.filter { reading(before[$0], tokens.0) == reading(after[$0], tokens.1) }
    guard !same.isEmpty else {
      throw .invalid("verify/nothing-covered", "no sample is the same tokens to both models", fix: "give samples of the kind the vocabulary was cut for")
    }
    return same.count == before.count ? .all : .texts(same)
  }

  // MARK: - Verdicts

  /// How far the outputs of one graph are from another's on samples that both read alike.
  func compare(
    _ reference: (Graph, TextAssets?), _ candidate: (Graph, TextAssets?), on choice: Choice, known: [[Tensor]]? = nil
  ) throws(Diagnostic) -> EquivalenceReport {
    try comparison(reference, candidate, choice, known).run(threads: 1, tolerance: tolerance)
  }

  /// The outputs of a graph, to be known to comparisons with it.
  func outputs(_ graph: Graph, _ text: TextAssets?, on choice: Choice) throws(Diagnostic) -> [[Tensor]] {
    try comparison((graph, text), (graph, text), choice, nil).referenceOutputs(threads: 1)
  }

  private func comparison(
    _ reference: (Graph, TextAssets?), _ candidate: (Graph, TextAssets?), _ choice: Choice, _ known: [[Tensor]]?
  ) throws(Diagnostic) -> FeedComparison {
    let engines = (try runtime(reference.0), try runtime(candidate.0))
    var comparison = FeedComparison(
      reference: (self.reference.path, engines.0), candidate: (self.candidate.path, engines.1), set: try set(reference.1, choice),
      outputs: reference.0.outputs.map { reference.0[$0].name }, candidateOutputs: candidate.0.outputs.map { candidate.0[$0].name })
    comparison.known = known
    comparison.candidateSet = try set(candidate.1, choice)
    comparison.judge = try DecisionJudge(comparison.reference, comparison.set, reference.1, overrides: overrides)
    return comparison
  }

  private func runtime(_ graph: Graph) throws(Diagnostic) -> Engine { try Engine(.runtime, graph, limits: limits, threads: threads) }

  /// Texts on which passes are tried, where more are given.
  private static let mostTexts = 256

  /// The samples on which stages of a recipe are held against the tolerance: all that both models read alike, or of very many those
  /// batches on which the models differ most.
  func searchedSamples() throws(Diagnostic) -> Choice {
    let all = try covered(reference.model.text, candidate.model.text)
    // Shares of all samples cannot be told from the worst of them.
    let countsShares = (tolerance.minimumAgreement ?? 1) < 1 || tolerance.minimumAccuracyDelta != nil
    let whole = try comparison((reference.model.graph, reference.model.text), (candidate.model.graph, candidate.model.text), all, nil)
    guard !countsShares, whole.set.texts != nil, whole.set.count > Self.mostTexts else { return all }
    var places: [Int] = []
    let worst = try verdicts(whole).enumerated().sorted { $0.element.noise > $1.element.noise }
    for (index, _) in worst where places.count < Self.mostTexts { places += whole.set.feeds[index].samples }
    if case .texts(let chosen) = all { places = places.map { chosen[$0] } }
    return .texts(places.sorted())
  }

  /// The verdict on each batch by itself.
  private func verdicts(_ whole: FeedComparison) throws(Diagnostic) -> [(isEquivalent: Bool, noise: Double)] {
    var verdicts: [(Bool, Double)] = []
    for index in whole.set.feeds.indices {
      var one = whole
      one.set = whole.set.only(index)
      one.candidateSet = whole.candidateSet.map { $0.only(index) }
      let report = try one.run(threads: 1, tolerance: tolerance)
      verdicts.append((report.isEquivalent, report.outputs.map(\.noise).max() ?? 0))
    }
    return verdicts
  }

  /// Few of the samples, on which two graphs break the tolerance by themselves, or else all of them; nil where these keep it.
  func breakingSamples(
    _ left: (Graph, TextAssets?), _ right: (Graph, TextAssets?), of samples: Choice
  ) throws(Diagnostic) -> Choice? {
    let whole = try comparison(left, right, samples, nil)
    let worst = try verdicts(whole).enumerated().filter { !$0.element.isEquivalent }.max { $0.element.noise < $1.element.noise }?.offset
    guard let worst else { return try whole.run(threads: 1, tolerance: tolerance).isEquivalent ? nil : samples }
    guard whole.set.texts != nil else { return .feed(worst) }
    var places = whole.set.feeds[worst].samples
    if case .texts(let chosen) = samples { places = places.map { chosen[$0] } }
    // Halves as long as one of them still breaks the tolerance.
    func breaks(_ part: [Int]) throws(Diagnostic) -> Bool {
      var one = whole
      one.set = try set(left.1, .texts(part))
      one.candidateSet = try set(right.1, .texts(part))
      return try !one.run(threads: 1, tolerance: tolerance).isEquivalent
    }
    while places.count > 4 {
      let (first, second) = (Array(places[..<(places.count / 2)]), Array(places[(places.count / 2)...]))
      if try breaks(first) { places = first } else if try breaks(second) { places = second } else { break }
    }
    return .texts(places.sorted())
  }

  /// Few samples, whatever they show.
  func someSamples() throws(Diagnostic) -> Choice {
    let all = try covered(reference.model.text, candidate.model.text)
    let known = try set(reference.model.text, all)
    guard known.texts != nil else { return .feed(0) }
    if case .texts(let places) = all { return .texts(Array(places.prefix(4))) }
    return .texts(Array(0..<min(4, known.count)))
  }

  // MARK: - Values

  /// Compares the values of two graphs, each reading the samples in its own way.
  func tracer(_ reference: Graph, _ candidate: Graph, _ feeds: [TraceFeed]) throws(Diagnostic) -> Tracer {
    let (limits, threads) = (limits, threads)
    return try Tracer(reference: reference, candidate: candidate, feeds: feeds) { (graph) throws(Diagnostic) in
      let runtime = try Runtime(graph, limits: limits, threads: threads)
      let names = Set(graph.inputs.map { graph[$0].name })
      return { (inputs) throws(Diagnostic) in try runtime.run(inputs.filter { names.contains($0.key) }) }
    }
  }

  /// The runs that a tracer compares.
  ///
  /// - Throws: `verify/trace-inputs` for inputs that are no tensors.
  func feeds(_ reference: TextAssets?, _ candidate: TextAssets?, on choice: Choice) throws(Diagnostic) -> [TraceFeed] {
    let (left, right) = (try set(reference, choice).feeds, try set(candidate, choice).feeds)
    guard left.allSatisfy({ $0.compounds.isEmpty }) else {
      throw .invalid("verify/trace-inputs", "values are traced on tensors only, and the samples hold sequences or optionals")
    }
    return zip(left, right).map { one, other in
      TraceFeed(reference: one.inputs, candidate: other.inputs) { (value, id, graph) throws(Diagnostic) in
        try one.withoutPadding(value, of: id, in: graph)
      }
    }
  }
}

extension SampleSet {
  /// The samples of one feed.
  fileprivate func only(_ index: Int) -> SampleSet {
    var one = self
    one.feeds = [feeds[index]]
    one.count = feeds[index].samples.count
    return one
  }
}
