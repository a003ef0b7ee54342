import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheSamples

/// Two models to be compared, opened and ready to run, with what each reads texts by.
struct ModelPair {
  /// One of them.
  struct Side {
    let path: String
    let loaded: ModelLoader.Loaded
    /// As it is run: with the vocabulary and the labels that it is given.
    let model: Model
    let name: Engine.Name
    let engine: Engine

    var runner: FeedComparison.Runner { (path, engine) }
    var interface: ModelInterface { ModelInterface(model) }
    /// For reports.
    var described: Verification.Side { .init(path: path, engine: name, loaded: loaded) }
  }

  let reference, candidate: Side
  /// Whether the reference's texts are read with the candidate's vocabulary, since there is no other.
  let borrowsVocabulary: Bool

  /// - Parameter paths: of the reference and of the candidate.
  /// - Throws: the readers' and the engines' diagnostics, `verify/outputs` and `verify/inputs` for models of other interfaces, and
  ///   `verify/vocabulary` where the reference is known to read texts by a vocabulary that is not there.
  init(
    _ paths: (reference: String, candidate: String), _ text: TextOptions, candidateVocabulary: String?, _ engines: EngineOptions, limits: ResourceLimits,
    timeout: Double
  ) throws(Diagnostic) {
    let loader = ModelLoader(limits: limits)
    let loaded = (try loader.load(paths.reference), try loader.load(paths.candidate))
    var (left, right) = (loaded.0.model, loaded.1.model)
    borrowsVocabulary = (left.text?.vocabulary.isEmpty ?? true) && text.vocab == nil && !(right.text?.vocabulary.isEmpty ?? true)
    if borrowsVocabulary { try Self.checkCut(right, paths) }
    left.text = try text.assets(over: right.text.map { left.text?.filled(from: $0) ?? $0 } ?? left.text, for: left.graph)
    if let candidateVocabulary {
      right.text = try (right.text ?? left.text)?.reading(vocabularyAt: candidateVocabulary)
    }
    try Self.checkInterfaces(ModelInterface(left), ModelInterface(right))
    // Feeds run at once, each on one thread: what has no kernel is as fast on many threads as on one.
    reference = Side(
      path: paths.reference, loaded: loaded.0, model: left, name: engines.ofReference,
      engine: try Engine(engines.ofReference, left.graph, file: paths.reference, limits: limits, threads: 1, timeout: timeout))
    candidate = Side(
      path: paths.candidate, loaded: loaded.1, model: right, name: engines.engine,
      engine: try Engine(engines.engine, right.graph, file: paths.candidate, limits: limits, threads: 1, timeout: timeout))
  }

  /// What reports say of the vocabulary; nil where each model has its own.
  var vocabularyNote: String? {
    guard borrowsVocabulary else { return nil }
    return "the reference carries no vocabulary, so its texts were read with the candidate's: if that is another, neither is as it should be; "
      + "--vocab FILE gives the one that the reference was made for"
  }

  /// Whether the candidate makes other ids of texts than the reference.
  var readsOtherwise: Bool {
    guard let own = candidate.model.text, !own.vocabulary.isEmpty else { return false }
    return own.vocabulary != reference.model.text?.vocabulary || own.tokenizerOptions != reference.model.text?.tokenizerOptions
  }

  /// A vocabulary that was cut is none of a model that has all its tokens.
  private static func checkCut(_ candidate: Model, _ paths: (reference: String, candidate: String)) throws(Diagnostic) {
    var record = try candidate.record.map { (text) throws(Diagnostic) in try JSONValue.parse(Array(text.utf8), file: paths.candidate) }
    while let own = record {
      if let before = own["vocabulary"]?["tokens_before"]?.intValue, let after = own["vocabulary"]?["tokens"]?.intValue, before != after {
        throw Diagnostic(
          "verify/vocabulary", .usage,
          "the reference carries no vocabulary, and the candidate's was cut from \(before) tokens to \(after): it is not the reference's",
          at: Location(file: paths.reference), fix: "give --vocab FILE with the reference's vocabulary; the candidate keeps its own")
      }
      record = own["earlier"]
    }
  }

  private static func checkInterfaces(_ reference: ModelInterface, _ candidate: ModelInterface) throws(Diagnostic) {
    let (left, right) = (Set(reference.outputs.map(\.name)), Set(candidate.outputs.map(\.name)))
    guard left == right else {
      throw Diagnostic(
        "verify/outputs", .brokenPromise, "the models have different outputs",
        notes: [
          "the reference's: \(left.sorted().joined(separator: ", "))",
          "the candidate's: \(right.sorted().joined(separator: ", "))",
        ])
    }
    let known = Set(reference.inputs.map(\.name))
    if let extra = candidate.inputs.first(where: { !$0.hasDefault && !known.contains($0.name) }) {
      throw Diagnostic(
        "verify/inputs", .brokenPromise, "the candidate needs the input \(extra.name), which the reference has not")
    }
  }
}
