/// What a checkpoint calls the parts of its masked language model's head.
struct LanguageHeadNames {
  var dense: String
  var norm: String
  var bias: String
  /// The table that scores words; nil where it is that of the embeddings.
  var decoder: String?
  /// Parameters that libraries store twice.
  var copies: [String]

  private static let known: [(dense: String, norm: String)] = [
    ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm"),
    ("cls.predictions.transform", "cls.predictions.LayerNorm"),
    ("lm_head.dense", "lm_head.layer_norm"),
    ("generator_predictions.dense", "generator_predictions.LayerNorm"),
    ("predictions.dense", "predictions.LayerNorm"),
    ("vocab_transform", "vocab_layer_norm"),
  ]
  private static let biases = [
    "cls.predictions.bias", "cls.predictions.decoder_bias", "cls.predictions.decoder.bias", "lm_head.bias",
    "lm_head.decoder_bias",
    "lm_head.decoder.bias", "generator_lm_head.bias", "generator_lm_head_bias", "predictions.bias",
    "predictions.decoder.bias",
    "vocab_projector.bias",
  ]
  private static let decoders = [
    "cls.predictions.decoder.weight", "lm_head.decoder.weight", "lm_head.decoder_weight", "generator_lm_head.weight",
    "predictions.decoder.weight", "vocab_projector.weight",
  ]

  /// The names that `weights` have; BERT's own where there are none, which then are missing.
  init(_ weights: WeightTable) {
    (dense, norm) = Self.known.first { weights.has($0.dense + ".weight") } ?? Self.known[0]
    let present = Self.biases.filter { weights.has($0) }
    bias = present.first ?? Self.biases[0]
    copies = Array(present.dropFirst())
    decoder = Self.decoders.first { weights.has($0) }
  }
}
