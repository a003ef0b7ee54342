import LathePassKit

extension PassCatalog {
  /// Every built-in pass, sorted by id; a test holds the list against the folders.
  public static let standard = PassCatalog([
    EliminateDeadCode.self,
    EliminateIdentities.self,
    FoldConstants.self,
  ])
}
