/// Which indices of a class stay.
public struct AxisCut: Sendable {
  public var axisClass: AxisClass.ID
  /// Ascending; at least one.
  public var kept: [Int]
  /// Obstacles of the class that the caller answers for.
  public var allowed: [AxisUse]

  public init(_ axisClass: AxisClass.ID, keeping kept: [Int], allowing allowed: [AxisUse] = []) {
    self.axisClass = axisClass
    self.kept = kept
    self.allowed = allowed
  }
}
