import OrderedCollections

/// A graph with what travels beside it.
public struct Model: Sendable {
  public var graph: Graph
  public var metadata: ModelMetadata
  /// What turns text into ids and class indices into names; nil if the model came without.
  public var text: TextAssets?
  /// What was done to the model so far, as JSON; nil for a model fresh from its trainer.
  public var record: String?

  public init(graph: Graph, metadata: ModelMetadata = ModelMetadata(), text: TextAssets? = nil, record: String? = nil) {
    self.graph = graph
    self.metadata = metadata
    self.text = text
    self.record = record
  }
}

/// Facts about a model that do not change what it computes.
public struct ModelMetadata: Sendable, Hashable {
  public var producerName = ""
  public var producerVersion = ""
  public var domain = ""
  public var modelVersion = 0
  public var annotations = Annotations()
  /// IR version of the ONNX file the model came from; nil if it came from elsewhere.
  public var irVersion: Int?
  /// Versions of the operator sets it was written in, by domain; `""` is ONNX's own.
  public var operatorSets: OrderedDictionary<String, Int> = [:]

  public init() {}
}

/// Vocabulary and labels of a text model.
public struct TextAssets: Sendable, Hashable {
  /// The vocabulary, a token a line (vocab.txt); empty if only labels are known.
  public var vocabulary: [UInt8]
  /// Tokenizer settings that differ from its defaults, by name, such as `lowercase` = `false`.
  public var tokenizerOptions: OrderedDictionary<String, String>
  /// Names of the classes, by index.
  public var labels: [String]
  /// The most tokens that the model takes, special tokens included; nil for any number. Kept among the tokenizer's options.
  public var maximumLength: Int? {
    get { tokenizerOptions["maximumLength"].flatMap { Int($0) }.flatMap { $0 >= 2 ? $0 : nil } }
    set { tokenizerOptions["maximumLength"] = newValue.map { String($0) } }
  }

  public init(
    vocabulary: [UInt8] = [], tokenizerOptions: OrderedDictionary<String, String> = [:], labels: [String] = []
  ) {
    self.vocabulary = vocabulary
    self.tokenizerOptions = tokenizerOptions
    self.labels = labels
  }
}
