import LatheIR
import LatheTensors

/// A reduction that also works on extents, so that products and sums of a shape stay symbolic.
protocol FollowedReduction: RowReduction, ShapeArithmetic {
  /// The result for two dimensions; unknown where it cannot be told.
  static func combine(_ a: Dimension, _ b: Dimension) -> Dimension
  /// The result for no dimensions; nil if it is none that fits an extent.
  static var identity: Dimension? { get }
}

extension FollowedReduction {
  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let data = inputs.optional(0), data.isExactInteger, let elements = data.followed,
      let axes = try? reducedAxes(inputs.optional(1), data.type.tensor?.rank)
    else { return [nil] }
    if axes.isEmpty { return [elements] }
    guard let first = elements.first else { return [Self.identity.map { [$0] }] }
    let result = elements.dropFirst().reduce(first, Self.combine)
    // Integers of 32 bits wrap where dimensions do not.
    let wraps = data.type.tensor?.dtype == .int32 && result.known.map { Int32(exactly: $0) == nil } ?? false
    return [[wraps ? .unknown : result]]
  }
}
