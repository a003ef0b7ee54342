import LatheDiagnostics
import LatheIR

/// A family of transformer encoders: a configuration, and what is computed from a checkpoint's tensors.
protocol EncoderArchitecture: Sendable {
  /// What stands before the encoder's names in checkpoints with a head.
  static var prefixes: [String] { get }

  /// - Throws: `architecture/…` for a configuration that makes no such model.
  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic)

  /// Whose library named the tensors.
  var style: NamingStyle { get }
  /// Extent of what comes out for each token.
  var hidden: Int { get }
  /// Extent of the rows of the table of words.
  var width: Int { get }
  /// Tokens in the vocabulary.
  var vocabulary: Int { get }
  var epsilon: Double { get }
  /// The same in the masked language model's head.
  var languageEpsilon: Double { get }
  var embeddings: TokenEmbeddings { get }
  /// The activation between the two products of a head.
  var headActivation: ActivationName { get }
  /// The activation of the masked language model's head.
  var languageActivation: ActivationName { get }
  /// The layer that pools the first token.
  var pooler: String { get }
  /// Whether tanh comes behind it.
  var poolsWithTanh: Bool { get }

  /// What the parts of a layer are called.
  func layerNames(_ layer: Int) -> LayerNames

  /// Adds the inputs, the embeddings and the layers.
  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID
}

extension EncoderArchitecture {
  var width: Int { hidden }
  /// The most tokens that there are positions for.
  var maximumLength: Int {
    guard case .counted(let padding) = embeddings.positions else { return embeddings.places }
    return embeddings.places - padding - 1
  }
  var languageEpsilon: Double { epsilon }
  var headActivation: ActivationName { .tanh }
  var pooler: String { "pooler.dense" }
  var poolsWithTanh: Bool { true }
  func layerNames(_ layer: Int) -> LayerNames { style == .paddle ? .paddle(layer) : .bert(layer) }
}
