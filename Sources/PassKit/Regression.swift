import LatheDiagnostics
import LatheIR
import LatheLinearAlgebra

/// What is to be explained by what: the difference between values of two graphs by the features of one of them, row by row.
///
/// A row is what lies along the last axis. Rows that stand for padding do not count.
public struct RegressionPoint: Sendable, Hashable {
  /// A value of one graph and its counterpart in the other.
  public struct Pair: Sendable, Hashable {
    public let reference: ValueID
    public let candidate: ValueID

    public init(reference: ValueID, candidate: ValueID) { (self.reference, self.candidate) = (reference, candidate) }
  }

  /// A value of the candidate.
  public let features: ValueID
  /// The reference's value less the candidate's is what is to be explained; nil for sums of the features alone.
  public let target: Pair?
  /// A value of the reference by whose standard deviation along the last axis each row is divided, as a normalization behind it does; of rows, as many
  /// as there are features.
  public let normalizer: ValueID?

  public init(features: ValueID, target: Pair? = nil, normalizer: ValueID? = nil) {
    (self.features, self.target, self.normalizer) = (features, target, normalizer)
  }
}

/// Runs two graphs on the samples and sums up what a least-squares fit needs, for each point.
///
/// A point without target asks for the features alone; where none has a target or a normalizer, the reference is not run.
public typealias Regress = @Sendable (_ reference: Graph, _ candidate: Graph, [RegressionPoint]) throws(Diagnostic) -> [NormalEquations]

/// Runs a graph on the samples and tells the least time that one feed took on average, in seconds.
public typealias MeasureLatency = @Sendable (Graph) throws(Diagnostic) -> Double
