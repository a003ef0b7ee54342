/// What a library calls the parts of one transformer layer.
struct LayerNames {
  var query: String
  var key: String
  var value: String
  var attentionOutput: String
  var attentionNorm: String
  var intermediate: String
  var output: String
  var outputNorm: String

  /// BERT and its kin in Hugging Face's library.
  static func bert(_ layer: Int) -> LayerNames {
    let p = "encoder.layer.\(layer)."
    return LayerNames(
      query: p + "attention.self.query", key: p + "attention.self.key", value: p + "attention.self.value",
      attentionOutput: p + "attention.output.dense", attentionNorm: p + "attention.output.LayerNorm",
      intermediate: p + "intermediate.dense", output: p + "output.dense", outputNorm: p + "output.LayerNorm")
  }

  /// Paddle's own layer, which all of its encoders are made of.
  static func paddle(_ layer: Int) -> LayerNames {
    let p = "encoder.layers.\(layer)."
    return LayerNames(
      query: p + "self_attn.q_proj", key: p + "self_attn.k_proj", value: p + "self_attn.v_proj",
      attentionOutput: p + "self_attn.out_proj", attentionNorm: p + "norm1", intermediate: p + "linear1",
      output: p + "linear2", outputNorm: p + "norm2")
  }

  static func distilBert(_ layer: Int) -> LayerNames {
    let p = "transformer.layer.\(layer)."
    return LayerNames(
      query: p + "attention.q_lin", key: p + "attention.k_lin", value: p + "attention.v_lin",
      attentionOutput: p + "attention.out_lin", attentionNorm: p + "sa_layer_norm", intermediate: p + "ffn.lin1",
      output: p + "ffn.lin2", outputNorm: p + "output_layer_norm")
  }

  static func albert(group: Int, layer: Int) -> LayerNames {
    let p = "encoder.albert_layer_groups.\(group).albert_layers.\(layer)."
    return LayerNames(
      query: p + "attention.query", key: p + "attention.key", value: p + "attention.value",
      attentionOutput: p + "attention.dense", attentionNorm: p + "attention.LayerNorm", intermediate: p + "ffn",
      output: p + "ffn_output", outputNorm: p + "full_layer_layer_norm")
  }

  static func mpnet(_ layer: Int) -> LayerNames {
    let p = "encoder.layer.\(layer)."
    return LayerNames(
      query: p + "attention.attn.q", key: p + "attention.attn.k", value: p + "attention.attn.v",
      attentionOutput: p + "attention.attn.o", attentionNorm: p + "attention.LayerNorm",
      intermediate: p + "intermediate.dense", output: p + "output.dense", outputNorm: p + "output.LayerNorm")
  }

  static func paddleMPNet(_ layer: Int) -> LayerNames {
    let p = "encoder.layer.\(layer)."
    return LayerNames(
      query: p + "attention.q", key: p + "attention.k", value: p + "attention.v", attentionOutput: p + "attention.o",
      attentionNorm: p + "attention.LayerNorm", intermediate: p + "ffn", output: p + "ffn_output",
      outputNorm: p + "LayerNorm")
  }
}
