import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheWeightDumps

/// The architectures that a checkpoint's tensors can be made a graph of.
public struct ArchitectureCatalog: Sendable {
  /// The encoders by `model_type`; ids are those of Hugging Face's library.
  private static let encoders: [(type: String, architecture: any EncoderArchitecture.Type)] = [
    ("albert", Albert.self), ("bert", Bert.self), ("camembert", Roberta.self), ("distilbert", DistilBert.self),
    ("electra", Electra.self), ("ernie", Ernie.self), ("mpnet", MPNet.self), ("roberta", Roberta.self),
    ("xlm-roberta", Roberta.self),
  ]

  /// The small classifiers by `model_type`.
  private static let classifiers: [(type: String, classifier: any TextClassifier.Type)] = [
    ("bow", BagOfWords.self), ("lstm", LSTMClassifier.self), ("bilstm", LSTMClassifier.self), ("textcnn", TextCNN.self),
  ]

  /// A made model, and remarks on it.
  public struct Result: Sendable {
    /// The model, with its types inferred and the names of its classes.
    public var model: Model
    public var warnings: [Diagnostic]
    /// The most tokens that the model takes; nil for any number.
    public var maximumLength: Int?
    /// Tokens in the vocabulary.
    public var vocabularySize: Int
  }

  /// Bounds on what a checkpoint may ask for.
  public let limits: ResourceLimits

  /// All of them.
  public init(limits: ResourceLimits = ResourceLimits()) {
    self.limits = limits
  }

  /// The model that `checkpoint` describes, with `head`, or else the one that its class has.
  ///
  /// - Throws: `architecture/unknown`, `architecture/config`, and `architecture/tensors` with every tensor that does not fit.
  public func model(of checkpoint: Checkpoint, head: Head? = nil) throws(Diagnostic) -> Result {
    if checkpoint.architecture == GraphCheckpoint.architecture {
      guard head == nil else {
        throw .invalid("architecture/head", "this checkpoint says its whole graph", fix: "leave --head out")
      }
      return try GraphCheckpoint.model(of: checkpoint, limits: limits)
    }
    let config = ModelConfiguration(values: checkpoint.config)
    let type = try type(of: checkpoint, config)
    if let classifier = Self.classifiers.first(where: { $0.type == type })?.classifier {
      guard head == nil || head == .sequenceClassification else {
        throw .invalid(
          "architecture/head", "\(type) is a classifier of texts; it has no other head", fix: "leave --head out")
      }
      return try ClassifierModel(classifier, checkpoint, config).build()
    }
    guard let architecture = Self.encoders.first(where: { $0.type == type })?.architecture else {
      throw Self.unknown(type)
    }
    let model = try EncoderModel(architecture, checkpoint, config)
    if let head { return try model.build(head) }
    return try model.build(try Self.head(of: checkpoint, config))
  }

  private static let known = encoders.map(\.type) + classifiers.map(\.type)

  /// The model's type: what the configuration says, or else whose class it is.
  private func type(of checkpoint: Checkpoint, _ config: ModelConfiguration) throws(Diagnostic) -> String {
    let said = try config.text("model_type", default: "").lowercased()
    guard said.isEmpty else { return said }
    var name = checkpoint.architecture.lowercased()
    if name.hasPrefix("joint") { name.removeFirst(5) }
    return Self.known.first { Self.isClass(name, of: $0) } ?? checkpoint.architecture
  }

  /// Whether `name`, in lower case, is a class of the type: nothing but `Model` or `For…` stands behind the type's name.
  private static func isClass(_ name: String, of type: String) -> Bool {
    let stem = type.filter { $0 != "-" }
    guard name.hasPrefix(stem) else { return false }
    let rest = name.dropFirst(stem.count)
    return ["", "model", "lmheadmodel"].contains(rest) || rest.hasPrefix("for")
  }

  private static func head(of checkpoint: Checkpoint, _ config: ModelConfiguration) throws(Diagnostic) -> Head {
    let said = try config.text("head", default: "")
    if let head = Head(rawValue: said) { return head }
    guard said.isEmpty,
      let head = checkpoint.architecture.isEmpty ? Head.none : Self.head(ofClass: checkpoint.architecture)
    else {
      let name = said.isEmpty ? checkpoint.architecture : said
      throw .invalid(
        "architecture/head", "the head of \(name.prefix(80)) is not known",
        fix: "name one with --head: \(Head.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return head
  }

  /// The head that a class's name says; a bare encoder's is a known type and `Model`, with nothing between.
  private static func head(ofClass name: String) -> Head? {
    if name.hasSuffix("Model"), known.contains(where: { name.lowercased() == $0.filter { $0 != "-" } + "model" }) {
      return Head.none
    }
    return Head(className: name)
  }

  private static func unknown(_ type: String) -> Diagnostic {
    let nearest = Spelling.nearest(type, among: known)
    return .invalid(
      "architecture/unknown",
      type.isEmpty ? "nothing says what architecture this is" : "the architecture \(type.prefix(80)) is not known",
      fix: nearest.map { "did you mean \($0)?" }
        ?? "known are \(known.joined(separator: ", ")); export a model of another type to ONNX with its own library")
  }
}
