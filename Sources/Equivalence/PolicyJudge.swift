import LatheJSON

/// Holds a report, fresh or from a model's record, against a policy.
///
/// A figure that the report lacks breaks the rule that is about it: what is not known is not allowed.
public struct PolicyJudge: Sendable {
  /// What became of one rule.
  public struct Verdict: Sendable, Hashable {
    public var rule: String
    public var figure: String
    public var isKept: Bool

    public init(rule: String, figure: String, isKept: Bool) {
      self.rule = rule
      self.figure = figure
      self.isKept = isKept
    }

    /// The verdict for reports.
    public var json: JSONValue { ["rule": .string(rule), "figure": .string(figure), "kept": .bool(isKept)] }
  }

  /// The figure of what the report lacks.
  public static let unknown = "not in the report"

  private let policy: Policy

  public init(_ policy: Policy) { self.policy = policy }

  /// The verdicts, in the order of the policy; the first is on the comparison as such.
  public func verdicts(on report: JSONValue) -> [Verdict] {
    [soundness(report)] + samples(report) + policy.bounds.flatMap { verdicts($0, report) } + accuracy(report) + cost(report)
  }

  /// What no policy can allow: NaN, nothing compared, classes of other names.
  private func soundness(_ report: JSONValue) -> Verdict {
    let rule = "the comparison is sound"
    guard let faults = report["faults"]?.arrayValue else { return Verdict(rule: rule, figure: Self.unknown, isKept: false) }
    let texts = faults.map { $0.stringValue ?? $0.serialized() }
    return Verdict(rule: rule, figure: texts.isEmpty ? "no faults" : "unsound: \(texts.joined(separator: "; "))", isKept: texts.isEmpty)
  }

  private func samples(_ report: JSONValue) -> [Verdict] {
    var verdicts: [Verdict] = []
    if let least = policy.minimumSamples {
      verdicts.append(Self.verdict("at least \(least) samples", report["samples"]) { $0 >= Double(least) })
    }
    if let digest = policy.samplesDigest {
      let found = report["sample_source"]?["digest"]?.stringValue
      verdicts.append(Verdict(rule: "the samples are \(digest.prefix(12))…", figure: found ?? Self.unknown, isKept: found == digest))
    }
    return verdicts
  }

  private func verdicts(_ bound: Policy.Bound, _ report: JSONValue) -> [Verdict] {
    let outputs = report["outputs"]?.arrayValue ?? []
    let names = outputs.compactMap { $0["name"]?.stringValue }
    let isForAll = bound.output == "*"
    var verdicts: [Verdict] = []
    var seen: Set<String> = []
    for name in isForAll ? names : [bound.output] {
      let decisions = (report["decisions"]?.arrayValue ?? []).first { $0["outputs"]?.arrayValue?.contains(.string(name)) ?? false }
      let output = outputs.first { $0["name"]?.stringValue == name }
      let figure = bound.measure.figure(output: output, decisions: decisions)
      if isForAll, figure == .absent { continue }
      // Two outputs may share their decisions.
      let title = bound.measure.isOfDecisions ? decisions?["name"]?.stringValue ?? name : name
      guard seen.insert(title).inserted else { continue }
      verdicts.append(verdict(bound, title, figure, output: output, decisions: decisions))
    }
    guard verdicts.isEmpty else { return verdicts }
    return [Verdict(rule: rule(bound, "any output"), figure: "not known: no output has it", isKept: false)]
  }

  private func rule(_ bound: Policy.Bound, _ output: String) -> String {
    if bound.measure == .flipMargin { return "\(output): no flip where the margin exceeds \(bound.limit)" }
    return "\(output): \(bound.measure.title) at \(bound.measure.isFloor ? "least" : "most") \(bound.limit)"
  }

  private func verdict(_ bound: Policy.Bound, _ title: String, _ figure: PolicyMeasure.Figure, output: JSONValue?, decisions: JSONValue?) -> Verdict {
    let rule = rule(bound, title)
    switch figure {
    case .number(let number):
      let isKept = bound.measure.isFloor ? number >= bound.limit : number <= bound.limit
      return Verdict(rule: rule, figure: Self.text(number) + Self.detail(bound.measure, decisions), isKept: isKept)
    case .broken: return Verdict(rule: rule, figure: "not a finite number", isKept: false)
    case .absent:
      guard output != nil else { return Verdict(rule: rule, figure: "not known: there is no such output", isKept: false) }
      let kind = decisions?["task"]?.stringValue.map { ", which was taken for \($0)" } ?? ""
      return Verdict(rule: rule, figure: "not known of this output\(kind)", isKept: false)
    }
  }

  private static func detail(_ measure: PolicyMeasure, _ decisions: JSONValue?) -> String {
    guard measure == .agreement || measure == .agreementBound, let agreement = decisions?["agreement"], let successes = agreement["successes"]?.intValue,
      let total = agreement["total"]?.intValue, let low = agreement["interval"]?[0]?.doubleValue, let high = agreement["interval"]?[1]?.doubleValue
    else { return "" }
    return " (\(successes) of \(total), between \(text(low)) and \(text(high)) with 95 % confidence)"
  }

  private func accuracy(_ report: JSONValue) -> [Verdict] {
    var verdicts: [Verdict] = []
    if let least = policy.minimumAccuracyDelta {
      verdicts.append(Self.verdict("accuracy changes by at least \(least) points", report["accuracy"]?["delta"]) { $0 >= least })
    }
    if let least = policy.minimumAccuracy {
      let right = report["accuracy"]?["candidate"]?.doubleValue
      let share = report["accuracy"]?["labelled"]?.doubleValue.flatMap { labelled in labelled > 0 ? right.map { $0 / labelled } : nil }
      verdicts.append(Self.verdict("accuracy at least \(least)", share.map { .number($0) }) { $0 >= least })
    }
    return verdicts
  }

  private func cost(_ report: JSONValue) -> [Verdict] {
    var verdicts: [Verdict] = []
    let bytes = report["candidate"]?["bytes"]
    if let most = policy.maximumBytes { verdicts.append(Self.verdict("at most \(most) bytes", bytes) { $0 <= Double(most) }) }
    if let most = policy.maximumSizeShare {
      let reference = report["reference"]?["bytes"]?.doubleValue ?? 0
      let share = reference > 0 ? bytes?.doubleValue.map { JSONValue.number($0 / reference) } : nil
      verdicts.append(Self.verdict("size at most \(most) of the reference's", share) { $0 <= most })
    }
    guard policy.needsCost else { return verdicts }
    let (load, cost) = (policy.load, report["cost"])
    // A figure of another load says nothing.
    let isOfLoad = cost?["batch"]?.intValue == load.batch && cost?["sequence"]?.intValue == load.sequence && cost?["threads"]?.intValue == load.threads
    let place = "for \(load.batch)×\(load.sequence) on \(load.threads) threads"
    if let most = policy.maximumLatency {
      verdicts.append(Self.verdict("latency at most \(most) ms \(place)", isOfLoad ? cost?["median_ms"] : nil) { $0 <= most })
    }
    if let most = policy.maximumMemory {
      verdicts.append(Self.verdict("memory at most \(most) bytes \(place)", isOfLoad ? cost?["peak_bytes"] : nil) { $0 <= Double(most) })
    }
    return verdicts
  }

  private static func verdict(_ rule: String, _ value: JSONValue?, isKept: (Double) -> Bool) -> Verdict {
    guard let number = value?.doubleValue, number.isFinite else { return Verdict(rule: rule, figure: unknown, isKept: false) }
    return Verdict(rule: rule, figure: text(number), isKept: isKept(number))
  }

  private static func text(_ number: Double) -> String {
    if number.magnitude < 0x1p53, let whole = Int(exactly: number) { return "\(whole)" }
    if number == Double.greatestFiniteMagnitude { return "no error at all" }
    let digits = (number * 1e6).rounded() / 1e6
    return digits == 0 ? "\(number)" : "\(digits)"
  }
}

extension PolicyMeasure {
  /// Whether the figure is of a task rather than of one output's numbers.
  fileprivate var isOfDecisions: Bool {
    switch self {
    case .cosine, .meanCosine, .absoluteError, .meanAbsoluteError, .noise: false
    default: true
    }
  }
}
