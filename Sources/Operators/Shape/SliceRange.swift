import LatheTensors

/// The positions that Slice takes from one axis: `count` of them from `start`, `step` apart.
struct SliceRange {
  var start: Int
  var step: Int
  var count: Int

  /// - Precondition: `step` is not 0 and `extent` is not negative.
  init(extent: Int, from start: Int, to end: Int, step: Int) {
    func clamped(_ position: Int, _ low: Int, _ high: Int) -> Int {
      Swift.min(Swift.max(position < 0 ? position + extent : position, low), high)
    }
    self.step = step
    let stride = Int(clamping: step.magnitude)
    let distance: Int
    if step > 0 {
      self.start = clamped(start, 0, extent)
      distance = clamped(end, 0, extent) - self.start
    } else {
      // One before the first position ends a walk backwards.
      self.start = clamped(start, -1, extent - 1)
      distance = self.start - clamped(end, -1, extent - 1)
    }
    count = distance > 0 ? (distance - 1) / stride + 1 : 0
  }

  var positions: [Int] { (0..<count).map { start + (count == 1 ? 0 : $0 * step) } }

  /// Ends from which on a position means "to the end", as exporters write it.
  private static let beyond = Int(Int32.max)

  /// How many positions are taken from an extent that may be symbolic.
  static func extent(_ extent: Dimension, from start: Dimension, to end: Dimension, step: Int) -> Dimension {
    if let number = extent.known, number >= 0, let start = start.known, let end = end.known {
      return .known(SliceRange(extent: number, from: start, to: end, step: step).count)
    }
    guard step > 0, extent != .unknown, let first = clamped(start, extent), let last = clamped(end, extent) else {
      return backwards(extent, start, end, step)
    }
    let distance = last - first
    let length = distance.isProvablyNonNegative ? distance : .maximum(distance, 0)
    return step == 1 ? length : (length + .known(step - 1)).floorDivided(by: .known(step))
  }

  /// The whole axis walked backwards, the one such case that is followed.
  private static func backwards(_ extent: Dimension, _ start: Dimension, _ end: Dimension, _ step: Int) -> Dimension {
    guard step == -1, start == -1 || start.known ?? 0 >= beyond, let end = end.known, end <= -beyond else {
      return .unknown
    }
    return extent
  }

  /// A position clamped to 0…extent; nil if it cannot be told whether it counts from the back.
  private static func clamped(_ position: Dimension, _ extent: Dimension) -> Dimension? {
    if let number = position.known {
      if number == 0 || number <= -beyond { return 0 }
      if number >= beyond { return extent }
      if number < 0 { return .maximum(extent + position, 0) }
    }
    guard position.isProvablyNonNegative else { return nil }
    if (extent - position).isProvablyNonNegative { return position }
    return (position - extent).isProvablyNonNegative ? extent : .minimum(position, extent)
  }
}
