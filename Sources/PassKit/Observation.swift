import LatheCalibration
import LatheDiagnostics
import LatheIR

/// A value whose contents a pass wants to see on the samples.
public struct ObservationPoint: Sendable, Hashable {
  /// What is looked at.
  public enum Aspect: Sendable, Hashable {
    /// The range of each of so many equal parts of the last axis.
    case ranges(parts: Int)
    /// Each index of the last axis.
    case channels
  }

  public let value: ValueID
  public let aspect: Aspect

  public init(_ value: ValueID, _ aspect: Aspect = .ranges(parts: 1)) {
    self.value = value
    self.aspect = aspect
  }
}

/// What was seen at a point.
public enum Observation: Sendable, Hashable {
  /// One range for each part.
  case ranges([ActivationRange])
  case channels(ChannelStatistics)

  /// The ranges; empty for channels.
  public var ranges: [ActivationRange] {
    guard case .ranges(let ranges) = self else { return [] }
    return ranges
  }

  /// The channels; nil for ranges.
  public var channels: ChannelStatistics? {
    guard case .channels(let channels) = self else { return nil }
    return channels
  }
}

/// Runs a graph on the samples and tells what was seen at each point.
public typealias Observe = @Sendable (Graph, [ObservationPoint]) throws(Diagnostic) -> [Observation]

/// Runs two graphs on the samples and tells how far the outputs of the second are from those of the first.
public typealias Compare = @Sendable (_ reference: Graph, _ candidate: Graph) throws(Diagnostic) -> Drift
