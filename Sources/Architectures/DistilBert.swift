import LatheDiagnostics
import LatheIR

/// DistilBERT (Sanh et al. 2019): BERT without segments and pooling.
struct DistilBert: EncoderArchitecture {
  static let prefixes = ["distilbert."]

  let style: NamingStyle
  let sizes: EncoderSizes
  let embeddings: TokenEmbeddings

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    sizes = try EncoderSizes(config, epsilon: 1e-12)
    embeddings = try TokenEmbeddings(config, width: sizes.hidden, epsilon: 1e-12, segments: 0)
  }

  var hidden: Int { sizes.hidden }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  var headActivation: ActivationName { .relu }
  var languageActivation: ActivationName { sizes.activation }

  func layerNames(_ layer: Int) -> LayerNames { style == .paddle ? .paddle(layer) : .distilBert(layer) }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    try assembly.encoder(embeddings, sizes, style: style, names: layerNames)
  }
}
