import ArgumentParser
internal import Foundation
import LatheDiagnostics
import LatheEquivalence
import LatheFiles
import LatheIR
import LatheJSON
import LatheRecipes
import LatheReports
import OrderedCollections

/// `lathe gate`: may this file be deployed, by what its own record says?
struct Gate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold a .lathe file's own record against a policy; exit with 1 unless every rule is kept.",
    discussion: """
      The record holds what lathe convert --samples or lathe verify --record measured; nothing is run. A figure that is not recorded breaks its rule, \
      and so does a record that speaks of another graph.
      """)

  @Argument(help: "The model: .lathe.")
  var model: String

  @Option(help: ArgumentHelp("The policy.", valueName: "file.yaml|file.json"))
  var policy: String

  @Option(help: ArgumentHelp("Write the verdicts as a page, as JSON, or as JUnit's XML.", valueName: "file.html|file.json|file.xml"))
  var report: String?

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard report.map({ path in ReportFormat.allCases.contains { path.hasSuffix(".\($0.rawValue)") } }) ?? true else {
      throw ValidationError("--report is NAME.html, NAME.json or NAME.xml")
    }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      try OverwriteCheck(inputs: [model, policy]).check(report, "--report")
      let file = try report.map { (path) throws(Diagnostic) in try OutputFile(path: path) }
      let judgement: (result: JSONValue, verdicts: [PolicyJudge.Verdict])
      do throws(Diagnostic) {
        judgement = try judged()
      } catch {
        guard let file, let report else { throw error }
        throw error.telling { () throws(Diagnostic) in try ReportFormat.write(FailedVerification(nil, model, error).json, to: file, named: report) }
      }
      let (result, verdicts) = judgement
      if let file, let report { try ReportFormat.write(result, to: file, named: report) }
      if json { Terminal.output.writeLine(result.serialized(pretty: true)) } else { Terminal.output.write(table(result, verdicts)) }
      let broken = verdicts.filter { !$0.isKept }
      guard broken.isEmpty else {
        throw Diagnostic(
          "gate/policy", .brokenPromise, "\(model) breaks \(broken.count) of \(verdicts.count) rules",
          notes: broken.map { "\($0.rule), but it is \($0.figure)" },
          fix: broken.contains { $0.figure == PolicyJudge.unknown } ? "lathe verify --policy FILE --record NAME.lathe measures what is missing and writes it into the record" : nil)
      }
    }
  }

  private func judged() throws(Diagnostic) -> (result: JSONValue, verdicts: [PolicyJudge.Verdict]) {
    let policy = try PolicyReader.read(path: policy)
    let loaded = try ModelLoader(limits: limits.limits()).load(model)
    guard loaded.format == "lathe" else {
      throw .invalid("gate/record", "only .lathe files have a record", at: Location(file: model), fix: "convert it with --samples first, or use lathe verify --policy")
    }
    let found = try recorded(loaded)
    let verdicts = [ownership(found, loaded.model.graph)] + PolicyJudge(policy).verdicts(on: found)
    return (document(found, policy, verdicts, verdicts.allSatisfy(\.isKept)), verdicts)
  }

  /// What the record says of a comparison, with the file's present size; empty where it says nothing.
  private func recorded(_ loaded: ModelLoader.Loaded) throws(Diagnostic) -> JSONValue {
    let record = try loaded.model.record.map { (text) throws(Diagnostic) in try JSONValue.parse(Array(text.utf8), file: nil) }
    var members = record?["verification"]?.objectValue ?? [:]
    var candidate = members["candidate"]?.objectValue ?? [:]
    candidate["file"] = .string(model)
    candidate["bytes"] = .integer(Int64(try MappedFile(path: model).bytes.count))
    members["candidate"] = .object(candidate)
    if let ledger = record?["ledger"] { members["ledger"] = ledger }
    return .object(members)
  }

  /// Whether the record is about this graph.
  private func ownership(_ found: JSONValue, _ graph: Graph) -> PolicyJudge.Verdict {
    let rule = "the record is of this graph"
    guard let fingerprint = found["fingerprint"]?.stringValue else { return .init(rule: rule, figure: PolicyJudge.unknown, isKept: false) }
    let isOwn = graph.hasFingerprint(fingerprint)
    return .init(rule: rule, figure: isOwn ? "its own" : "of another graph", isKept: isOwn)
  }

  private func document(_ found: JSONValue, _ policy: Policy, _ verdicts: [PolicyJudge.Verdict], _ isPassed: Bool) -> JSONValue {
    var members = found.objectValue ?? [:]
    members["tool"] = ["name": "lathe", "version": .string(LatheCommand.version)]
    members["equivalent"] = .bool(isPassed)
    members["policy"] = ["name": .string(policy.name), "passed": .bool(isPassed), "verdicts": .array(verdicts.map(\.json))]
    return .object(members)
  }

  private func table(_ result: JSONValue, _ verdicts: [PolicyJudge.Verdict]) -> String {
    let kept = verdicts.count { $0.isKept }
    let verdict = kept == verdicts.count ? Terminal.output.styled("passed", .green) : Terminal.output.styled("REJECTED", .red)
    return PolicyTable(verdicts).render() + origin(result) + "\n\(verdict): \(kept) of \(verdicts.count) rules are kept\n"
  }

  /// What the record's figures were measured on, and against what.
  private func origin(_ result: JSONValue) -> String {
    guard let samples = result["samples"]?.intValue else { return "" }
    let (source, reference) = (result["sample_source"], result["reference"])
    let place = source?["file"]?.stringValue.map { " of \($0)" } ?? source?["seed"]?.stringValue.map { " generated from seed \($0)" } ?? ""
    let bytes = reference?["bytes"]?.intValue.map { " of \(NumberFormat.bytes($0))" } ?? ""
    let name = reference?["file"]?.stringValue ?? reference?["format"]?.stringValue.map { "a model (\($0))" } ?? "a model"
    return "\n" + DiagnosticRenderer.printable("measured on \(NumberFormat.counted(samples, "sample"))\(place) against \(name)\(bytes)") + "\n"
  }
}
