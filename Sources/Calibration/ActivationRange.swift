/// The range of one activation: what was seen, or thresholds that a file holds.
public struct ActivationRange: Sendable, Hashable {
  private enum Source: Sendable, Hashable {
    case statistics(ActivationStatistics)
    case thresholds([Calibrator: Float])
  }

  public let minimum: Float
  public let maximum: Float
  /// Why no scale can be had, or nil if one can.
  public let degeneracy: String?
  private let source: Source

  /// The range of what was seen.
  public init(_ statistics: ActivationStatistics) {
    (minimum, maximum, degeneracy) = (statistics.minimum, statistics.maximum, statistics.degeneracy)
    source = .statistics(statistics)
  }

  /// A range whose thresholds were chosen earlier.
  public init(minimum: Float, maximum: Float, degeneracy: String?, thresholds: [Calibrator: Float]) {
    (self.minimum, self.maximum, self.degeneracy) = (minimum, maximum, degeneracy)
    source = .thresholds(thresholds)
  }

  /// The threshold that a calibrator chooses; nil for one that is not among those chosen earlier.
  public func threshold(_ calibrator: Calibrator) -> Float? {
    switch source {
    case .statistics(let statistics): calibrator.threshold(statistics)
    case .thresholds(let thresholds): thresholds[calibrator]
    }
  }
}
