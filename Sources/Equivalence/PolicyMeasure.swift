import LatheJSON

/// A figure of one output that a policy can bound; its name is the policy's key.
public enum PolicyMeasure: String, Sendable, Hashable, CaseIterable {
  /// Share of the decisions that agree.
  case agreement = "minimum-agreement"
  /// The lower end of the interval that the true share lies in, with 95 % confidence.
  case agreementBound = "minimum-agreement-bound"
  /// By how much the reference preferred its choice over the candidate's, in any decision that flipped.
  case flipMargin = "maximum-flip-margin"
  /// Share of the reference's best choices that are among the candidate's best.
  case bestOverlap = "minimum-top-k-overlap"
  /// F1 of the candidate's entities against the reference's.
  case entityF1 = "minimum-entity-f1"
  /// Mean F1 of the candidate's answers against the reference's, by tokens.
  case spanF1 = "minimum-span-f1"
  /// Share of the samples whose nearest neighbour stays the same.
  case neighbourAgreement = "minimum-neighbour-agreement"
  /// Least cosine between a sample's vectors.
  case vectorCosine = "minimum-vector-cosine"
  /// Least correlation of numbers that are answers.
  case correlation = "minimum-correlation"
  /// Least cosine between rows.
  case cosine = "minimum-cosine"
  case meanCosine = "minimum-mean-cosine"
  case absoluteError = "maximum-absolute-error"
  case meanAbsoluteError = "maximum-mean-absolute-error"
  /// Signal to quantization noise in decibels.
  case noise = "minimum-sqnr-db"

  /// Whether the bound is the least that is allowed.
  public var isFloor: Bool { rawValue.hasPrefix("minimum") }

  /// What the bound is on, in words.
  public var title: String { String(rawValue.drop { $0 != "-" }.dropFirst()).replacing("-", with: " ") }

  /// The numbers that a bound can be.
  public var range: ClosedRange<Double> {
    switch self {
    case .agreement, .agreementBound, .bestOverlap, .entityF1, .spanF1, .neighbourAgreement: 0...1
    case .vectorCosine, .correlation, .cosine, .meanCosine: -1...1
    case .flipMargin, .absoluteError, .meanAbsoluteError: 0...Double.greatestFiniteMagnitude
    case .noise: -1000...1000
    }
  }

  /// A figure of a report.
  enum Figure: Equatable {
    /// The report has none: the output is of another kind.
    case absent
    /// NaN, infinite, or no number at all.
    case broken
    case number(Double)
  }

  /// The figure in a report's entries for an output and its decisions.
  func figure(output: JSONValue?, decisions: JSONValue?) -> Figure {
    guard let value = value(output, decisions) else { return .absent }
    // Without any noise there is no ratio.
    if self == .noise, value.isNull { return output?["max_abs"]?.doubleValue == 0 ? .number(Double.greatestFiniteMagnitude) : .broken }
    guard let number = value.doubleValue, number.isFinite else { return .broken }
    return .number(number)
  }

  private func value(_ output: JSONValue?, _ decisions: JSONValue?) -> JSONValue? {
    switch self {
    case .agreement: decisions?["agreement"]?["share"]
    case .agreementBound: decisions?["agreement"]?["interval"]?[0]
    case .flipMargin: decisions?["max_flip_margin"]
    case .bestOverlap: decisions?["top_k"]?["overlap"]
    case .entityF1: decisions?["entities"]?["f1"]
    case .spanF1: decisions?["token_f1"]
    case .neighbourAgreement: decisions?["neighbours"]?["agreement"]?["share"]
    case .vectorCosine: decisions?["cosine"]?["min"]
    case .correlation: decisions?["correlation"]
    case .cosine: output?["min_cosine"]
    case .meanCosine: output?["mean_cosine"]
    case .absoluteError: output?["max_abs"]
    case .meanAbsoluteError: output?["mean_abs"]
    case .noise: output?["sqnr_db"]
    }
  }
}
