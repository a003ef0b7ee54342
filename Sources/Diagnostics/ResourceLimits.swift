/// Bounds on what an input may make Lathe do; each has a name and a default, and the command line sets it with `--limit NAME=VALUE`.
public struct ResourceLimits: Sendable, Hashable {
  /// One limit: its name on the command line, its meaning, and where it is stored.
  public struct Entry: Sendable {
    public let name: String
    public let summary: String
    public let keyPath: any WritableKeyPath<ResourceLimits, Int> & Sendable
  }

  /// Largest single tensor that may be allocated, in bytes.
  public var tensorBytes = 8 << 30
  /// Bytes of results that may be alive at once in one run of a model, subgraphs included: twice the largest tensor, whatever the machine,
  /// so that a model runs everywhere or nowhere. Weights and inputs do not count.
  public var liveBytes = 16 << 30
  /// Longest name of a value, node, operator, dimension or the like in a file, in bytes.
  public var nameBytes = 1 << 16
  /// How deep graphs may nest in graphs, and messages in messages.
  public var nestingDepth = 64
  /// Most nodes a graph may have once model-local functions are expanded; every 256 bytes of a node in a function count as one.
  public var expandedNodes = 1_000_000
  /// Most graphs that control flow may run in one run of a model: iterations of loops, nested ones multiplied.
  public var loopIterations = 10_000_000
  /// Bytes of decoded structure allowed for each byte of a protobuf file, above a fixed 32 MiB.
  public var decodedBytesPerByte = 24

  public init() {}

  /// All limits, sorted by name.
  public static let all: [Entry] = [
    Entry(
      name: "decoded-bytes-per-byte",
      summary: "decoded structure allowed for each byte of a protobuf file, above 32 MiB",
      keyPath: \.decodedBytesPerByte),
    Entry(
      name: "expanded-nodes",
      summary: "nodes after model-local functions are expanded, large ones counted by their bytes",
      keyPath: \.expandedNodes),
    Entry(name: "live-bytes", summary: "results alive at once in one run of a model, in bytes", keyPath: \.liveBytes),
    Entry(
      name: "loop-iterations", summary: "graphs that control flow runs in one run of a model", keyPath: \.loopIterations
    ),
    Entry(name: "name-bytes", summary: "longest name in a file, in bytes", keyPath: \.nameBytes),
    Entry(name: "nesting-depth", summary: "graphs in graphs, messages in messages", keyPath: \.nestingDepth),
    Entry(name: "tensor-bytes", summary: "largest single tensor, in bytes", keyPath: \.tensorBytes),
  ]

  /// The diagnostic for a limit that was met: names the limit, its value and the flag that raises it.
  public func exceeded(_ name: String, _ message: String, at location: Location = Location()) -> Diagnostic {
    let value = Self.all.first { $0.name == name }.map { self[keyPath: $0.keyPath] }
    return .invalid(
      "limit/\(name)", message, at: location, notes: ["the limit \(name) is \(value.map(String.init) ?? "unknown")"],
      fix: "if this input is meant to be that large, raise it with --limit \(name)=VALUE")
  }
}
