import LathePassKit

extension PassCatalog {
  /// Every built-in pass, sorted by id; a test holds the list against the folders.
  public static let standard = PassCatalog([
    Activation.self,
    Attention.self,
    AttentionMask.self,
    EliminateDeadCode.self,
    EliminateIdentities.self,
    Embeddings.self,
    FoldConstants.self,
    LinearLayer.self,
    Normalization.self,
    QueryKeyValue.self,
    ResolveIndices.self,
  ])
}
