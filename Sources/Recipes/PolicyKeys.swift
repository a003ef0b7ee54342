import LatheEquivalence

/// The keys of policies, which `Schemas/policy.schema.json` describes.
public enum PolicyKeys {
  public static let policy = [
    "name", "summary", "outputs", "minimum-samples", "samples-digest", "minimum-accuracy", "minimum-accuracy-delta", "maximum-bytes",
    "maximum-size-share", "maximum-latency-ms", "maximum-memory-bytes", "load",
  ]
  public static let output = ["task"] + PolicyMeasure.allCases.map(\.rawValue)
  public static let load = ["batch", "sequence", "threads"]
}
