import LatheTensors

/// Where the indices of a class lie along one axis of a value.
///
/// Index i covers `block` places from `offset` + i · `block` on, and again in every repeat, moved by its stride.
public struct AxisSlice: Sendable, Hashable {
  public let axisClass: AxisClass.ID
  public let value: ValueID
  public let axis: Int
  let layout: AxisLayout

  public var offset: Dimension { layout.offset }
  public var block: Dimension { layout.block }
  /// Outermost first; empty where the class is the first factor.
  public var repeats: [AxisLayout.Repeat] { layout.repeats }

  /// The places of an index along the axis; nil where an extent is no number.
  public func places(of index: Int) -> [Int]? { layout.places(of: index) }
}

/// How the indices of one index space lie among those of an axis.
public struct AxisLayout: Sendable, Hashable {
  /// A factor of the axis before the index.
  public struct Repeat: Sendable, Hashable {
    public let count: Dimension
    /// Places from one repeat to the next.
    public let stride: Dimension
  }

  let offset: Dimension
  let block: Dimension
  let repeats: [Repeat]

  func places(of index: Int) -> [Int]? {
    guard let block = block.known, let offset = offset.known else { return nil }
    var starts = [offset + index * block]
    for factor in repeats {
      guard let count = factor.count.known, let stride = factor.stride.known else { return nil }
      starts = starts.flatMap { start in (0..<count).map { start + $0 * stride } }
    }
    return starts.flatMap { $0..<$0 + block }
  }
}
