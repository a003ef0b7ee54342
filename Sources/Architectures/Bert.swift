import LatheDiagnostics
import LatheIR

/// BERT (Devlin et al. 2018), and what keeps to its graph: Mengzi-BERT, MiniLM, MacBERT, RoBERTa-wwm in Chinese.
struct Bert: EncoderArchitecture {
  static let prefixes = ["bert."]

  let style: NamingStyle
  let sizes: EncoderSizes
  let embeddings: TokenEmbeddings
  let poolsWithTanh: Bool

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    let epsilon = try config.number("layer_norm_eps", default: 1e-12)
    sizes = try EncoderSizes(config, epsilon: epsilon)
    embeddings = try TokenEmbeddings(config, width: sizes.hidden, epsilon: epsilon)
    // Paddle's class takes every other name for none.
    let named = try config.text("pool_act", default: "tanh")
    poolsWithTanh = style == .huggingFace || named == "tanh"
  }

  var hidden: Int { sizes.hidden }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  var languageActivation: ActivationName { sizes.activation }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    try assembly.encoder(embeddings, sizes, style: style, names: layerNames)
  }
}
