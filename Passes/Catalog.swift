import LathePassKit

extension PassCatalog {
  /// Every built-in pass, sorted by id; a test holds the list against the folders.
  public static let standard = PassCatalog([
    EliminateCommonSubexpressions.self,
    EliminateDeadCode.self,
    EliminateIdentities.self,
    EliminateUnusedInputs.self,
    FoldBatchNormalization.self,
    FoldConstants.self,
    FoldShapes.self,
    InlineBranches.self,
    MergeReshapes.self,
    MergeTransposes.self,
  ])
}
