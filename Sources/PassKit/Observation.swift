import LatheCalibration
import LatheDiagnostics
import LatheIR

/// A value whose contents a pass wants to see on the samples.
public struct ObservationPoint: Sendable, Hashable {
  public let value: ValueID
  /// Equal parts of the last axis that are looked at apart.
  public let parts: Int

  public init(_ value: ValueID, parts: Int = 1) {
    self.value = value
    self.parts = parts
  }
}

/// Runs a graph on the samples and tells what was seen at each point, part by part.
public typealias Observe = @Sendable (Graph, [ObservationPoint]) throws(Diagnostic) -> [[ActivationStatistics]]
