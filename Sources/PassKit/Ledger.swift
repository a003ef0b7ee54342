import LatheJSON
import OrderedCollections

/// What each pass of a conversion did, promised and cost, in order.
public struct Ledger: Sendable {
  /// Size of a graph.
  public struct Size: Sendable, Hashable {
    public var nodes: Int
    public var parameters: Int
    /// Bytes of all constants.
    public var bytes: Int

    public init(nodes: Int, parameters: Int, bytes: Int) {
      self.nodes = nodes
      self.parameters = parameters
      self.bytes = bytes
    }
  }

  /// One step.
  public struct Entry: Sendable {
    /// A pass's id, or `import` for the first line.
    public var step: String
    /// The options that were given, as JSON; empty where all are defaults.
    public var options: JSONValue
    public var guarantee: Guarantee?
    public var after: Size
    public var done: Int
    public var declined: [(subject: String, reason: String)]
    /// What structures were found to be worth.
    public var structures: [StructureScores] = []
    /// What the pass says of its run as a whole.
    public var notes: [String] = []
    /// How far the outputs moved in this step; nil where nothing was measured.
    public var drift: Drift?
    /// How far the outputs are from the imported model's.
    public var totalDrift: Drift?
    /// Wall time; left out of stored records, whose bytes are reproducible.
    public var seconds: Double

    public init(
      step: String, options: JSONValue = [:], guarantee: Guarantee? = nil, after: Size, done: Int = 0,
      declined: [(subject: String, reason: String)] = [], seconds: Double
    ) {
      self.step = step
      self.options = options
      self.guarantee = guarantee
      self.after = after
      self.done = done
      self.declined = declined
      self.seconds = seconds
    }
  }

  public var entries: [Entry] = []

  public init() {}

  /// The ledger as JSON; with times only where it is not stored.
  public func json(withTimes: Bool) -> JSONValue {
    .array(
      entries.map { entry in
        var object: OrderedDictionary<String, JSONValue> = ["step": .string(entry.step)]
        if let guarantee = entry.guarantee { object["guarantee"] = .string(guarantee.description) }
        if entry.options != [:] { object["options"] = entry.options }
        object["nodes"] = .integer(Int64(entry.after.nodes))
        object["parameters"] = .integer(Int64(entry.after.parameters))
        object["bytes"] = .integer(Int64(entry.after.bytes))
        object["done"] = .integer(Int64(entry.done))
        object["declined"] = .array(
          entry.declined.map { ["subject": .string($0.subject), "reason": .string($0.reason)] })
        if !entry.notes.isEmpty { object["notes"] = .array(entry.notes.map { .string($0) }) }
        if let drift = entry.drift { object["drift"] = Self.json(drift) }
        if let drift = entry.totalDrift { object["total_drift"] = Self.json(drift) }
        if withTimes { object["seconds"] = .number(entry.seconds) }
        return .object(object)
      })
  }

  private static func json(_ drift: Drift) -> JSONValue {
    [
      "samples": .integer(Int64(drift.samples)), "covered": .integer(Int64(drift.covered ?? drift.samples)),
      "unpaired": .integer(Int64(drift.unpaired)), "changed_outputs": .integer(Int64(drift.changedOutputs)),
      "incomparable": .integer(Int64(drift.incomparable)), "max_rel": finite(drift.relativeError),
      "max_abs": finite(drift.absoluteError), "min_cosine": finite(drift.cosine),
      "mean_cosine": finite(drift.meanCosine), "agreement": finite(drift.agreement),
    ]
  }

  /// JSON has no infinity.
  private static func finite(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
