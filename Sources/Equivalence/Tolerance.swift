/// What two models' outputs must satisfy to count as equivalent; a bound that is nil is not checked.
public struct Tolerance: Sendable, Hashable {
  /// Least share of decisions that agree, 0 to 1; checked on outputs of rank 2, which hold one row of scores for each sample.
  public var minimumAgreement: Double?
  /// Least cosine over all rows.
  public var minimumCosine: Double?
  /// Largest absolute error allowed.
  public var maximumAbsoluteError: Double?
  /// Least difference of accuracy, candidate minus reference, in points: −0.1 allows a loss of 0.1 points.
  public var minimumAccuracyDelta: Double?

  public init() {}

  /// What holds where the user sets no bound: every decision agrees, and no row turns by more than a cosine of 0.9999.
  public static let standard: Tolerance = {
    var tolerance = Tolerance()
    tolerance.minimumAgreement = 1
    tolerance.minimumCosine = 0.9999
    return tolerance
  }()

  /// Whether nothing is bounded.
  public var isEmpty: Bool { self == Tolerance() }
}
