import LathePassKit

extension PassCatalog {
  /// Every built-in pass, sorted by id; a test holds the list against the folders.
  public static let standard = PassCatalog([
    Activation.self,
    Attention.self,
    AttentionMask.self,
    ConvolutionLayer.self,
    EliminateCommonSubexpressions.self,
    EliminateDeadCode.self,
    EliminateIdentities.self,
    EliminateUnusedInputs.self,
    Embeddings.self,
    FoldBatchNormalization.self,
    FoldConstants.self,
    FoldQdq.self,
    FoldShapes.self,
    InlineBranches.self,
    Int8Quantization.self,
    LinearLayer.self,
    MergeReshapes.self,
    MergeTransposes.self,
    Mixed.self,
    Normalization.self,
    PackWeights.self,
    QuantizeEmbeddings.self,
    QueryKeyValue.self,
    RecurrentLayer.self,
    ResolveIndices.self,
    ResolveMasks.self,
    Smooth.self,
    Trim.self,
    TrimPositions.self,
    UnifyExtents.self,
    UnpackWeights.self,
    Weights.self,
  ])
}
