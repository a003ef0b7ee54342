import LatheDiagnostics
import LatheIR

/// ALBERT (Lan et al. 2019): layers that share their weights within groups, over narrow tables.
struct Albert: EncoderArchitecture {
  static let prefixes = ["albert.", "transformer."]

  let style: NamingStyle
  let sizes: EncoderSizes
  private(set) var embeddings: TokenEmbeddings
  let groups: Int
  /// Layers of a group, which follow one another each time the group's turn comes.
  let inner: Int

  init(_ config: ModelConfiguration, _ style: NamingStyle) throws(Diagnostic) {
    self.style = style
    let epsilon = try config.number("layer_norm_eps", default: 1e-12)
    sizes = try EncoderSizes(config, epsilon: epsilon, activation: style == .paddle ? "gelu" : "gelu_new")
    embeddings = try TokenEmbeddings(
      config, width: try config.integer("embedding_size", default: 128), epsilon: epsilon)
    embeddings.silencesPadding = style == .paddle
    groups = try config.integer("num_hidden_groups", in: 1...max(1, sizes.layers), default: 1)
    inner = try config.integer(
      "inner_group_num", in: 1...ModelConfiguration.mostLayers / max(1, sizes.layers), default: 1)
  }

  var hidden: Int { sizes.hidden }
  var width: Int { embeddings.width }
  var vocabulary: Int { embeddings.vocabulary }
  var epsilon: Double { sizes.epsilon }
  // Paddle's head keeps the framework's default.
  var languageEpsilon: Double { style == .paddle ? 1e-5 : epsilon }
  var languageActivation: ActivationName { sizes.activation }
  var pooler: String { "pooler" }

  func layerNames(_ layer: Int) -> LayerNames { .albert(group: group(of: layer), layer: 0) }

  /// The group whose turn it is in a layer; the library divides in floating point, where layers are no multiple of groups with its rounding.
  private func group(of layer: Int) -> Int {
    guard layer > 0 else { return 0 }
    return Int(Double(layer) / (Double(sizes.layers) / Double(groups)))
  }

  func encode(in assembly: inout GraphAssembly) throws(Diagnostic) -> ValueID {
    var (x, mask, _) = try embeddings.embed(in: &assembly, style: style)
    x = try assembly.linear(x, "encoder.embedding_hidden_mapping_in", from: width, to: hidden)
    for layer in 0..<sizes.layers {
      for position in 0..<inner {
        x = try assembly.encoderLayer(
          x, .albert(group: group(of: layer), layer: position), sizes, mask: mask)
      }
    }
    return x
  }
}
