import LatheDiagnostics
import LatheIR

/// RoBERTa (Liu et al. 2019) and XLM-R: BERT with positions that pass over padding.
struct Roberta: EncoderArchitecture {
  static let prefixes = ["roberta."]

  let style: NamingStyle
  let sizes: EncoderSizes
  private(set) var embeddings: TokenEmbeddings

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    let epsilon = try config.number("layer_norm_eps", default: 1e-12)
    sizes = try EncoderSizes(config, epsilon: epsilon)
    embeddings = try TokenEmbeddings(config, width: sizes.hidden, epsilon: epsilon)
    if style == .paddle {
      embeddings.silencesPadding = true
    } else {
      embeddings.padding = try config.integer("pad_token_id", in: 0...embeddings.vocabulary - 1, default: 1)
    }
    embeddings.positions = .counted(padding: embeddings.padding)
  }

  var hidden: Int { sizes.hidden }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  var languageActivation: ActivationName { .gelu }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    try assembly.encoder(embeddings, sizes, style: style, names: layerNames)
  }
}
