import LatheIR

extension OperatorCatalog {
  /// Every operator of the house, sorted by name; a test holds the list against the folders.
  public static let standard = OperatorCatalog([
    Add.self,
    Softmax.self,
  ])
}
