import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheJSON

/// Reads policies from YAML and JSON.
///
/// ```yaml
/// minimum-samples: 1000
/// outputs:
///   logits: {minimum-agreement: 0.99, maximum-flip-margin: 0.5}
///   "*": {minimum-cosine: 0.99}
/// minimum-accuracy-delta: -0.1
/// maximum-size-share: 0.3
/// ```
public enum PolicyReader {
  /// Reads the file at `path`.
  ///
  /// - Throws: `file/…` if it cannot be read, and `policy/…` with line and column for anything in it that is unknown or of the wrong type.
  public static func read(path: String) throws(Diagnostic) -> Policy {
    try read(try InputFile.bytes(of: path, maximumBytes: DocumentParser.maximumBytes), path: path)
  }

  /// Reads a policy from memory.
  ///
  /// - Throws: as `read(path:)`.
  public static func read(_ bytes: [UInt8], path: String) throws(Diagnostic) -> Policy {
    if path.hasSuffix(".json") { _ = try JSONValue.parse(bytes, file: path) }
    do throws(Diagnostic) {
      var policy = try policy(try DocumentParser(file: path).parse(bytes))
      if policy.name.isEmpty { policy.name = path }
      return policy
    } catch {
      // What is common to all documents is told as recipes tell it.
      guard error.id.hasPrefix("recipe/") else { throw error }
      var own = error
      own.id = "policy/" + error.id.dropFirst("recipe/".count)
      if own.id == "policy/empty" { own.fix = "write outputs: and the bounds of each" }
      throw own
    }
  }

  private static func policy(_ root: DocumentNode) throws(Diagnostic) -> Policy {
    let members = try root.members("a policy", known: PolicyKeys.policy)
    var policy = Policy()
    if let name = members["name"] { policy.name = try name.value.text("name") }
    if let summary = members["summary"] { policy.summary = try summary.value.text("summary") }
    for output in try members["outputs"]?.value.members("outputs") ?? [] { try add(output, to: &policy) }
    policy.minimumSamples = try members["minimum-samples"]?.value.count("minimum-samples")
    policy.samplesDigest = try members["samples-digest"].map { (member) throws(Diagnostic) in try digest(member.value) }
    policy.minimumAccuracy = try members["minimum-accuracy"]?.value.share("minimum-accuracy")
    policy.minimumAccuracyDelta = try number(members, "minimum-accuracy-delta", -100...100)
    policy.maximumBytes = try members["maximum-bytes"]?.value.count("maximum-bytes")
    policy.maximumSizeShare = try number(members, "maximum-size-share", 0...Double.greatestFiniteMagnitude)
    policy.maximumLatency = try number(members, "maximum-latency-ms", 0...Double.greatestFiniteMagnitude)
    policy.maximumMemory = try members["maximum-memory-bytes"]?.value.count("maximum-memory-bytes")
    if let load = members["load"] { policy.load = try self.load(load.value) }
    guard policy.hasRules else {
      throw .invalid("policy/no-rules", "the policy has no rules, so that anything would pass", at: root.location, fix: "write outputs: and the bounds of each")
    }
    return policy
  }

  private static func add(_ output: DocumentNode.Member, to policy: inout Policy) throws(Diagnostic) {
    let members = try output.value.members("the output \(output.key)", known: PolicyKeys.output)
    guard !members.isEmpty else {
      throw .invalid("policy/no-rules", "the output \(output.key) has no bounds", at: output.location, fix: "leave it out, or write its bounds")
    }
    if let task = members["task"] {
      let name = try task.value.text("task")
      guard let kind = TaskKind(rawValue: name), output.key != "*" else {
        let names = TaskKind.allCases.map(\.rawValue)
        throw .invalid(
          "policy/task", output.key == "*" ? "a task is of one output, not of all" : "there is no task \(name)", at: task.value.location,
          fix: Spelling.nearest(name, among: names).map { "did you mean \($0)?" } ?? "the tasks are \(names.joined(separator: ", "))")
      }
      policy.tasks[output.key] = kind
    }
    for measure in PolicyMeasure.allCases {
      guard let limit = try number(members, measure.rawValue, measure.range) else { continue }
      policy.bounds.append(.init(output: output.key, measure: measure, limit: limit))
    }
  }

  private static func load(_ node: DocumentNode) throws(Diagnostic) -> Policy.Load {
    let members = try node.members("load", known: PolicyKeys.load)
    func positive(_ key: String, most: Int, default fallback: Int) throws(Diagnostic) -> Int {
      guard let member = members[key] else { return fallback }
      let number = try member.value.count(key)
      guard (1...most).contains(number) else { throw member.value.mismatch(key, "a whole number from 1 to \(most)") }
      return number
    }
    var load = Policy.Load()
    load.batch = try positive("batch", most: 1 << 16, default: load.batch)
    load.sequence = try positive("sequence", most: 1 << 20, default: load.sequence)
    load.threads = try positive("threads", most: 1024, default: load.threads)
    return load
  }

  private static func number(
    _ members: [String: DocumentNode.Member], _ key: String, _ range: ClosedRange<Double>
  ) throws(Diagnostic) -> Double? {
    guard let member = members[key] else { return nil }
    guard case .scalar(let value) = member.value.content, let number = value.doubleValue, range.contains(number) else {
      let bounds = range.upperBound == .greatestFiniteMagnitude ? "of 0 or more" : "from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
      throw member.value.mismatch(key, "a number \(bounds)")
    }
    return number
  }

  private static func digest(_ node: DocumentNode) throws(Diagnostic) -> String {
    let text = try node.text("samples-digest")
    guard text.utf8.count == 64, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      throw node.mismatch("samples-digest", "a SHA-256 of 64 digits in lower case")
    }
    return text
  }
}
