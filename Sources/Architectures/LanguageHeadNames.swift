/// What a checkpoint calls the parts of its masked language model's head.
struct LanguageHeadNames {
  var dense: String
  var norm: String
  var bias: String
  /// The table that scores words; nil where it is that of the embeddings.
  var decoder: String?
  /// Further biases that are stored, as a rule with the same values.
  var otherBiases: [String]

  private static let known: [(dense: String, norm: String, decoder: String)] = [
    ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder.weight"),
    ("cls.predictions.transform", "cls.predictions.LayerNorm", "cls.predictions.decoder.weight"),
    ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder.weight"),
    ("generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head.weight"),
    ("predictions.dense", "predictions.LayerNorm", "predictions.decoder.weight"),
    ("vocab_transform", "vocab_layer_norm", "vocab_projector.weight"),
  ]
  /// A decoder's own comes first: where both are stored and differ, it is what transformers 5 adds.
  private static let biases = [
    "cls.predictions.decoder.bias", "cls.predictions.decoder_bias", "cls.predictions.bias",
    "lm_head.decoder.bias", "lm_head.decoder_bias", "lm_head.bias",
    "generator_lm_head.bias", "generator_lm_head_bias",
    "predictions.decoder.bias", "predictions.bias",
    "vocab_projector.bias",
  ]
  private static let decoders = [
    "cls.predictions.decoder.weight", "lm_head.decoder.weight", "lm_head.decoder_weight", "generator_lm_head.weight",
    "predictions.decoder.weight", "vocab_projector.weight",
  ]

  /// The names that `weights` have; BERT's own where there are none, which then are missing.
  ///
  /// - Parameter isTied: Whether the table of the embeddings may stand in for a decoder's own.
  init(_ weights: WeightTable, isTied: Bool) {
    let family = Self.known.first { weights.has($0.dense + ".weight") } ?? Self.known[0]
    (dense, norm) = (family.dense, family.norm)
    let present = Self.biases.filter { weights.has($0) }
    bias = present.first ?? "cls.predictions.bias"
    otherBiases = Array(present.dropFirst())
    decoder = Self.decoders.first { weights.has($0) } ?? (isTied ? nil : family.decoder)
  }
}
