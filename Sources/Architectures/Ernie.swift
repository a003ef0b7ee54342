import LatheDiagnostics
import LatheIR

/// ERNIE 1.0, 2.0, 3.0 and 3.0 Tiny (Sun et al. 2019 to 2021): BERT, and where the configuration says so a table of tasks.
struct Ernie: EncoderArchitecture {
  static let prefixes = ["ernie."]

  let style: NamingStyle
  let sizes: EncoderSizes
  private(set) var embeddings: TokenEmbeddings

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    // Paddle's class has the number, whatever the configuration says.
    let epsilon = style == .paddle ? 1e-12 : try config.number("layer_norm_eps", default: 1e-12)
    sizes = try EncoderSizes(config, epsilon: epsilon)
    embeddings = try TokenEmbeddings(config, width: sizes.hidden, epsilon: epsilon)
    if style == .paddle { embeddings.silencesPadding = true }
    guard try config.truth("use_task_id", default: false) else { return }
    let count = try config.integer("task_type_vocab_size", in: 1...1 << 16, default: 3)
    embeddings.task = (try config.integer("task_id", in: 0...count - 1, default: 0), count)
  }

  var hidden: Int { sizes.hidden }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  var languageActivation: ActivationName { sizes.activation }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    try assembly.encoder(embeddings, sizes, style: style, names: layerNames)
  }
}
