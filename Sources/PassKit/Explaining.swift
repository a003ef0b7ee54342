import LatheIR

/// A pass that can tell where its nearest partial matches stopped, for `--why`.
public protocol Explaining: Pass {
  /// A line for each place that nearly matched, the nearest first.
  func explain(_ graph: Graph) -> [String]
}
