/// How far a graph's outputs on the samples are from those of another graph.
public struct Drift: Sendable, Hashable {
  /// A figure that a promise can bound.
  public enum Metric: String, Sendable, Hashable, CaseIterable, Codable {
    /// Largest error of any output over that output's largest magnitude.
    case relativeError = "relative error"
    /// Largest error of any element.
    case absoluteError = "absolute error"
    /// Least cosine of the angle between two rows, a row being what lies along the last axis.
    case cosine
    /// Mean over all rows of that cosine.
    case meanCosine = "mean cosine"
    /// Share of the rows whose largest element stays at its place.
    case agreement

    /// Whether more is better.
    public var isLikeness: Bool { self == .cosine || self == .meanCosine || self == .agreement }
  }

  public var samples: Int
  /// Samples that are read as before, on which alone a step that changes how texts are read is measured; nil for any other step.
  public var covered: Int?
  /// Outputs of single samples that have other shapes, since the sample is read as more or fewer tokens.
  public var unpaired = 0
  /// Outputs of single feeds that are not the same to the last bit.
  public var changedOutputs: Int
  /// Elements that differ where only equality counts: strings, integers beyond doubles, NaN and infinity on one side only.
  public var incomparable: Int
  public var relativeError: Double
  public var absoluteError: Double
  public var cosine: Double
  public var meanCosine: Double
  public var agreement: Double

  /// The drift of outputs that are the same to the last bit.
  public init(samples: Int) {
    self.samples = samples
    changedOutputs = 0
    incomparable = 0
    relativeError = 0
    absoluteError = 0
    cosine = 1
    meanCosine = 1
    agreement = 1
  }

  /// The figure of a metric.
  public subscript(metric: Metric) -> Double {
    switch metric {
    case .relativeError: relativeError
    case .absoluteError: absoluteError
    case .cosine: cosine
    case .meanCosine: meanCosine
    case .agreement: agreement
    }
  }
}
