import LatheDiagnostics

/// How samples are made into feeds.
public struct SampleOptions: Sendable {
  /// Most tokens of a text, special tokens included; longer texts lose their end.
  public var maximumLength: Int
  /// Texts that run together, unless the model fixes their number.
  public var batchSize: Int
  /// The first samples of a file of lines that count; nil for all.
  public var maximumCount: Int?
  /// The texts that count, by their place among those of the file; nil for all.
  public var chosen: Set<Int>?
  /// Bounds on what the samples may take.
  public var limits: ResourceLimits

  /// The defaults, or what is given.
  public init(maximumLength: Int = 64, batchSize: Int = 32, maximumCount: Int? = nil, limits: ResourceLimits = ResourceLimits()) {
    self.maximumLength = maximumLength
    self.batchSize = batchSize
    self.maximumCount = maximumCount
    self.limits = limits
  }
}
