import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheJSON
import LatheSamples
import LatheTokenizers
import OrderedCollections

/// What `--trace` and `--bisect` found.
struct Localization {
  private(set) var trace: Trace?
  /// Samples that the trace is of.
  private(set) var tracedSamples = 0
  private(set) var bisect: BisectReport?

  /// Where two models part.
  struct Request {
    let reference, candidate: String
    let samples: String
    let text: TextOptions
    let candidateVocabulary: String?
    let arguments: SampleArguments
    let tolerance: Tolerance
    /// The bounds as they were given, for commands.
    let bounds: [String]
    /// What outputs decide, where the user says so.
    let overrides: [String: TaskKind]
    let limits: ResourceLimits
  }

  /// - Throws: the readers', the passes' and the engines' diagnostics.
  init(_ options: LocalizationOptions, _ request: Request) throws(Diagnostic) {
    let models = try Self.models(request)
    let (left, right) = (models.reference.model, models.candidate.model)
    let samples = try models.searchedSamples()
    let breaking = try models.breakingSamples((left.graph, left.text), (right.graph, right.text), of: samples)
    if options.trace {
      var choice = breaking ?? .all
      // What no sample breaks by itself shows as well in a few as in all of them.
      if choice == .all { choice = try models.someSamples() }
      let feeds = try models.feeds(left.text, right.text, on: choice)
      tracedSamples = try models.set(left.text, choice).feeds.reduce(0) { $0 + $1.samples.count }
      trace = try models.tracer(left.graph, right.graph, feeds).trace()
    }
    guard options.bisect else { return }
    let words = CommandWords(
      recipe: options.recipe ?? request.candidate, isONNX: request.candidate.hasSuffix(".onnx"), reading: Self.reading(request),
      bounds: request.bounds)
    bisect = try FaultFinder(models: models, options: options, words: words, samples: samples).find(breaking)
  }

  private static func models(_ request: Request) throws(Diagnostic) -> TracedModels {
    let loader = ModelLoader(limits: request.limits)
    var left = try TracedModels.unpacked(loader.load(request.reference).model, request.limits)
    var right = try TracedModels.unpacked(loader.load(request.candidate).model, request.limits)
    left.text = try request.text.assets(over: right.text.map { left.text?.filled(from: $0) ?? $0 } ?? left.text, for: left.graph)
    if let path = request.candidateVocabulary {
      right.text = try (right.text ?? left.text)?.reading(vocabularyAt: path)
    }
    // A model that carries no vocabulary reads as the reference does.
    if right.text?.vocabulary.isEmpty ?? true { right.text = left.text }
    return TracedModels(
      reference: (request.reference, left), candidate: (request.candidate, right), samples: request.samples,
      options: request.arguments.options(request.limits), limits: request.limits, threads: request.arguments.threadCount,
      tolerance: request.tolerance, overrides: request.overrides)
  }

  private static func reading(_ request: Request) -> [String] {
    var words = ["--samples", request.samples]
    if let vocabulary = request.text.vocab { words += ["--vocab", vocabulary] }
    if let labels = request.text.labels { words += ["--labels", labels] }
    if request.text.cased { words.append("--cased") }
    return words + ["--max-length", "\(request.arguments.maxLength)", "--batch", "\(request.arguments.batch)"]
  }
}

extension JSONValue {
  /// The report with what was found, where something was looked for.
  func adding(_ found: Localization?) -> JSONValue {
    guard var object = objectValue, let found else { return self }
    if let trace = found.trace { object["trace"] = trace.json }
    if let bisect = found.bisect { object["bisect"] = bisect.json }
    return .object(object)
  }
}
