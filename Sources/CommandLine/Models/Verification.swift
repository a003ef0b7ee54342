import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheJSON
import OrderedCollections

/// The comparison of two models with all that reports say of it.
struct Verification {
  /// One of the models.
  struct Side {
    let path: String
    /// nil for outputs that another tool gave: nothing is known of what ran.
    let engine: Engine.Name?
    let loaded: ModelLoader.Loaded
  }

  let reference, candidate: Side
  let report: EquivalenceReport
  let origin: SampleOrigin
  /// By sample; nil if the samples are no texts.
  let texts: [String]?
  let labels: [String]
  /// Samples on which the reference interpreter checked the candidate's runtime; nil where that did not run it.
  var oracleSamples: Int?
  /// What was taken for granted, such as a vocabulary.
  var notes: [String] = []
  /// What was seen that may be a cause.
  var findings: [String] = []
  var cost: JSONValue?
  private(set) var policy: (name: String, verdicts: [PolicyJudge.Verdict])?

  init(reference: Side, candidate: Side, report: EquivalenceReport, origin: SampleOrigin, texts: [String]?, labels: [String]) {
    (self.reference, self.candidate, self.report, self.origin) = (reference, candidate, report, origin)
    (self.texts, self.labels) = (texts, labels)
  }

  /// Whether all bounds and all the policy's rules are kept.
  var isAccepted: Bool { report.isEquivalent && (policy?.verdicts.allSatisfy(\.isKept) ?? true) }

  /// Holds the comparison against a policy, measuring what it bounds.
  mutating func judge(by policy: Policy) throws(Diagnostic) {
    if policy.needsCost { cost = try ModelCost(path: candidate.path, load: policy.load).measure() }
    self.policy = (policy.name, PolicyJudge(policy).verdicts(on: try json()))
  }

  /// What is wrong, a line each.
  var complaints: [String] {
    let broken = policy?.verdicts.filter { !$0.isKept }.map { "\($0.rule), but it is \($0.figure)" } ?? []
    return report.violations.map { $0.output.isEmpty ? $0.message : "\($0.output): \($0.message)" } + broken + findings
  }

  /// The report for machines: `Schemas/verification.schema.json`.
  func json() throws(Diagnostic) -> JSONValue {
    var object = try common(kept: 1000)
    object["equivalent"] = .bool(isAccepted)
    object["violations"] = .array(report.violations.map { ["output": .string($0.output), "message": .string($0.message)] })
    object["notes"] = .array(notes.map { .string($0) })
    if let oracleSamples { object["oracle_samples"] = .integer(Int64(oracleSamples)) }
    object["findings"] = .array(findings.map { .string($0) })
    if let policy {
      object["policy"] = [
        "name": .string(policy.name), "passed": .bool(policy.verdicts.allSatisfy(\.isKept)), "verdicts": .array(policy.verdicts.map(\.json)),
      ]
    }
    object["labels"] = .array(labels.map { .string($0) })
    object["worst"] = .array(report.tasks.flatMap(worst))
    if let record = candidate.loaded.model.record, let ledger = try JSONValue.parse(Array(record.utf8), file: nil)["ledger"] { object["ledger"] = ledger }
    return .object(object)
  }

  /// What a file's record holds of the comparison: no texts, and nothing of where files lay.
  func recorded() throws(Diagnostic) -> JSONValue {
    var object = try common(kept: 20)
    object["fingerprint"] = .string(candidate.loaded.model.graph.fingerprintText)
    object["outputs"] = .array((object["outputs"]?.arrayValue ?? []).map(RecordedEquivalence.withoutFlips))
    return .object(object)
  }

  private func common(kept: Int) throws(Diagnostic) -> OrderedDictionary<String, JSONValue> {
    var object: OrderedDictionary<String, JSONValue> = [
      "tool": ["name": "lathe", "version": .string(LatheCommand.version)],
      "reference": try describe(reference), "candidate": try describe(candidate), "sample_source": try origin.json(),
    ]
    var figures = report
    figures.tasks = []
    for (key, value) in figures.json.objectValue ?? [:] where key != "equivalent" && key != "violations" { object[key] = value }
    if !report.tasks.isEmpty { object["decisions"] = .array(report.tasks.map { $0.json(kept: kept) }) }
    if let cost { object["cost"] = cost }
    return object
  }

  private func describe(_ side: Side) throws(Diagnostic) -> JSONValue {
    var (bytes, digest) = (0, JSONValue.null)
    for (index, path) in side.loaded.files.enumerated() {
      let file = try SourceDigest.describe(path)
      bytes += file["bytes"]?.intValue ?? 0
      if index == 0 { digest = file["sha256"] ?? .null }
    }
    var object: OrderedDictionary<String, JSONValue> = [
      "file": .string(side.path), "format": .string(side.loaded.format), "sha256": digest,
    ]
    // A file of outputs has not the size of what gave them.
    if let engine = side.engine {
      object["bytes"] = .integer(Int64(bytes))
      object["engine"] = .string(engine.name)
    }
    return .object(object)
  }

  private func worst(_ task: TaskComparison) -> [JSONValue] {
    task.worst(20).map { sample, what in
      var object: OrderedDictionary<String, JSONValue> = ["task": .string(task.task.name), "sample": .integer(Int64(sample)), "what": .string(what)]
      if let texts, texts.indices.contains(sample) { object["text"] = .string(String(texts[sample].prefix(400))) }
      return .object(object)
    }
  }
}

extension Verification {
  /// Writes the candidate again with the comparison in its record.
  ///
  /// - Throws: `verify/record` for a candidate that is no .lathe file, and as the writer.
  func record(to path: String) throws(Diagnostic) {
    guard candidate.loaded.format == "lathe" else {
      throw Diagnostic(
        "verify/record", .usage, "--record is for a .lathe file, which has a record", at: Location(file: candidate.path), fix: "convert it to .lathe first")
    }
    var model = candidate.loaded.model
    var record = try model.record.map { (text) throws(Diagnostic) in try JSONValue.parse(Array(text.utf8), file: candidate.path) }?.objectValue ?? [:]
    record["verification"] = try recorded()
    model.record = JSONValue.object(record).serialized()
    try ModelWriter().write(model, .lathe, to: path)
  }
}
