import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra

/// What is to be explained by what: the difference between values of two graphs by the features of one of them, row by row.
///
/// A row is what lies along the last axis. Rows that stand for padding do not count, and all rows of a text count as much as those of any other.
public struct RegressionPoint: Sendable, Hashable {
  /// A value of one graph and its counterpart in the other.
  public struct Pair: Sendable, Hashable {
    public let reference: ValueID
    public let candidate: ValueID
    /// Indices of the reference's last axis that the candidate's has; nil for all.
    public let kept: [Int]?

    public init(reference: ValueID, candidate: ValueID, kept: [Int]? = nil) {
      (self.reference, self.candidate, self.kept) = (reference, candidate, kept)
    }
  }

  /// A value of the candidate.
  public let features: ValueID
  /// The targets are the reference's value less the candidate's, side by side.
  public let targets: [Pair]
  /// A value of the reference by whose standard deviation along the last axis each row is divided, as a normalization behind it does; of rows, as many
  /// as there are features.
  public let normalizer: ValueID?

  public init(features: ValueID, targets: [Pair] = [], normalizer: ValueID? = nil) {
    (self.features, self.targets, self.normalizer) = (features, targets, normalizer)
  }
}

/// Runs two graphs on the samples and sums up what a least-squares fit needs, for each point.
///
/// A point without targets asks for the features alone; where none has targets or a normalizer, the reference is not run.
public typealias Regress = @Sendable (_ reference: Graph, _ candidate: Graph, [RegressionPoint]) throws(Diagnostic) -> [NormalEquations]

/// Runs a graph on the samples and tells the least time that one feed took on average, in seconds.
public typealias MeasureLatency = @Sendable (Graph) throws(Diagnostic) -> Double
