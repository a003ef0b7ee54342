/// What two models' outputs must satisfy to count as equivalent; a bound that is nil is not checked.
public struct Tolerance: Sendable, Hashable {
  /// Least share of decisions that agree, 0 to 1, of every output that decides anything.
  public var minimumAgreement: Double?
  /// Least cosine over all rows.
  public var minimumCosine: Double?
  /// Largest absolute error allowed.
  public var maximumAbsoluteError: Double?
  /// Largest error of numbers that are no scores or vectors, over the range of the reference's: 0.02 for a fiftieth of it.
  public var maximumErrorOfRange: Double?
  /// Least difference of accuracy, candidate minus reference, in points: −0.1 allows a loss of 0.1 points.
  public var minimumAccuracyDelta: Double?

  public init() {}

  /// What holds where the user sets no bound: every decision agrees, no row turns by more than a cosine of 0.9999, and no number is off
  /// by more than a fiftieth of the reference's range. A row of that cosine is off by a seventieth of its length.
  public static let standard: Tolerance = {
    var tolerance = Tolerance()
    tolerance.minimumAgreement = 1
    tolerance.minimumCosine = 0.9999
    tolerance.maximumErrorOfRange = 0.02
    return tolerance
  }()

  /// Whether something must decide: agreement was asked for, and is not only what holds by default.
  public var needsDecisions: Bool { minimumAgreement != nil && self != .standard }

  /// Whether nothing is bounded.
  public var isEmpty: Bool { self == Tolerance() }
}
