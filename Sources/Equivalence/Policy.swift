/// What a model must keep to before it is deployed, against the model it stands for.
public struct Policy: Sendable {
  /// A bound on a figure of one output.
  public struct Bound: Sendable, Hashable {
    /// The output, or `*` for every one that has the figure.
    public var output: String
    public var measure: PolicyMeasure
    public var limit: Double

    public init(output: String, measure: PolicyMeasure, limit: Double) {
      self.output = output
      self.measure = measure
      self.limit = limit
    }
  }

  /// How a model's time and memory are measured.
  public struct Load: Sendable, Hashable {
    public var batch = 1
    public var sequence = 32
    public var threads = 1

    public init() {}
  }

  public var name = ""
  public var summary = ""
  /// What outputs decide, where the policy says so.
  public var tasks: [String: TaskKind] = [:]
  public var bounds: [Bound] = []
  public var minimumSamples: Int?
  /// SHA-256 of the samples' file, or the digest of generated samples, which alone counts.
  public var samplesDigest: String?
  /// Candidate minus reference, in points.
  public var minimumAccuracyDelta: Double?
  /// Share of right answers of the candidate.
  public var minimumAccuracy: Double?
  /// Of the model's file.
  public var maximumBytes: Int?
  /// The file's size over the reference's.
  public var maximumSizeShare: Double?
  /// Median of a run's milliseconds.
  public var maximumLatency: Double?
  /// Most bytes of memory that a process has which opens and runs the model.
  public var maximumMemory: Int?
  public var load = Load()

  public init() {}

  /// Whether there is anything to keep to.
  public var hasRules: Bool {
    let counts = [minimumSamples, maximumBytes, maximumMemory].contains { $0 != nil }
    let numbers = [minimumAccuracyDelta, minimumAccuracy, maximumSizeShare, maximumLatency].contains { $0 != nil }
    return counts || numbers || samplesDigest != nil || !bounds.isEmpty
  }

  /// Whether time or memory have to be measured.
  public var needsCost: Bool { maximumLatency != nil || maximumMemory != nil }
}
