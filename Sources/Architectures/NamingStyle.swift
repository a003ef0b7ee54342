import LatheTensors
import OrderedCollections

/// Whose library named the parameters of a checkpoint.
enum NamingStyle: Sendable {
  case huggingFace, paddle

  private static let marks = ["encoder.layers.", "self_attn.q_proj", "embeddings.layer_norm.", "lstm_layer."].map {
    Array($0.utf8)
  }

  /// Paddle's layers and normalizations have names of their own.
  init(_ tensors: OrderedDictionary<String, Tensor>) {
    let isPaddle = tensors.keys.contains { name in
      name.hasPrefix("embedder.") || Self.marks.contains { name.utf8.contains($0) }
    }
    self = isPaddle ? .paddle : .huggingFace
  }

  /// What scores of padding become: the number that the library adds.
  var hiddenScore: Float { self == .paddle ? -1e4 : -Float.greatestFiniteMagnitude }
}
