import LatheDiagnostics

/// The extents of a stack of transformer layers.
struct EncoderSizes {
  var layers: Int
  var hidden: Int
  var heads: Int
  var intermediate: Int
  var activation: ActivationName
  var epsilon: Double

  /// - Parameter fallback: The activation of the library's class where the configuration names none.
  /// - Throws: `architecture/config` for what is missing, and for heads that do not divide the hidden extent.
  init(_ config: ModelConfiguration, epsilon: Double, activation fallback: String = "gelu") throws(Diagnostic) {
    layers = try config.integer("num_hidden_layers", "n_layers", in: 0...ModelConfiguration.mostLayers)
    hidden = try config.integer("hidden_size", "dim")
    heads = try config.integer("num_attention_heads", "n_heads")
    intermediate = try config.integer("intermediate_size", "hidden_dim")
    activation = try ActivationName(try config.text("hidden_act", "activation", default: fallback))
    self.epsilon = epsilon
    guard hidden.isMultiple(of: heads) else {
      throw .invalid("architecture/config", "\(heads) heads do not divide the hidden size \(hidden)")
    }
  }
}
