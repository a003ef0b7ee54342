import LatheTensors

/// One index space of a graph: what must go together when one index of it goes.
///
/// Neurons of a feed-forward layer, attention heads, channels and rows of a vocabulary are all classes.
public struct AxisClass: Sendable {
  /// Index of a class in its analysis.
  public struct ID: Sendable, Hashable, Comparable {
    public let index: Int
    init(_ index: Int) { self.index = index }
    public static func < (a: ID, b: ID) -> Bool { a.index < b.index }
  }

  public let id: ID
  public let extent: Dimension
  /// Where the class lies in constants, inputs and computed values, in the order of the graph.
  public internal(set) var slices: [AxisSlice] = []
  /// What its indices mean where they are more than carried, in the order of the nodes.
  public internal(set) var uses: [AxisUse] = []
  /// Those of `uses` for which no cut is exact, unless the caller knows more.
  public internal(set) var obstacles: [AxisUse] = []

  /// Whether indices may go, as far as the graph alone tells: what is summed over must be zero for the result to stay the same.
  public var mayBeCut: Bool { obstacles.isEmpty && (extent.known ?? 0) > 1 }
}
