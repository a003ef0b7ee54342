import LatheIR

/// Whether the number is NaN.
public struct IsNaN: FloatPredicate, AttributeFree {
  public static let schema = formal("IsNaN", since: 20)

  public init() {}

  func holds(_ x: Double) -> Bool { x.isNaN }
}
