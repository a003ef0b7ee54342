import LatheTensors
import OrderedCollections

/// Whose library named the parameters of a checkpoint.
enum NamingStyle: Sendable {
  case huggingFace, paddle

  /// Paddle's layers and normalizations have names of their own.
  init(_ tensors: OrderedDictionary<String, Tensor>) {
    let isPaddle = tensors.keys.contains { name in
      name.contains("encoder.layers.") || name.contains("self_attn.q_proj") || name.contains("embeddings.layer_norm.")
        || name.contains("lstm_layer.") || name.hasPrefix("embedder.")
    }
    self = isPaddle ? .paddle : .huggingFace
  }

  /// What scores of padding become: the number that the library adds.
  var hiddenScore: Float { self == .paddle ? -1e4 : -Float.greatestFiniteMagnitude }
}
