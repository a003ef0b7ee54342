import LatheDiagnostics
import LatheIR

/// ELECTRA (Clark et al. 2020): BERT whose tables may be narrower than its layers.
struct Electra: EncoderArchitecture {
  static let prefixes = ["electra."]

  let style: NamingStyle
  let sizes: EncoderSizes
  let embeddings: TokenEmbeddings

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    let epsilon = try config.number("layer_norm_eps", default: 1e-12)
    sizes = try EncoderSizes(config, epsilon: epsilon)
    let width = try config.integer("embedding_size", default: style == .paddle ? 768 : 128)
    embeddings = try TokenEmbeddings(config, width: width, epsilon: epsilon)
  }

  var hidden: Int { sizes.hidden }
  var width: Int { embeddings.width }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  // Paddle's class has the number, whatever the configuration says.
  var languageEpsilon: Double { style == .paddle ? 1e-12 : epsilon }
  var headActivation: ActivationName { .gelu }
  var languageActivation: ActivationName { .gelu }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    try assembly.encoder(embeddings, sizes, style: style, names: layerNames)
  }
}
