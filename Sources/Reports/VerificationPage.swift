internal import Foundation
import LatheDiagnostics
import LatheJSON
internal import Mustache

/// One self-contained HTML page about a comparison of two models, from the report that machines get (`Schemas/verification.schema.json`).
public struct VerificationPage {
  private let report: JSONValue

  public init(_ report: JSONValue) { self.report = report.printable }

  /// The page; every text of the report is escaped.
  ///
  /// - Throws: `report/template`, a fault of ours.
  public func html() throws(Diagnostic) -> String {
    do {
      let template = try MustacheTemplate(string: String(decoding: PackageResources.verification_mustache, as: UTF8.self))
      return template.render(context)
    } catch {
      throw Diagnostic("report/template", .internalFault, "the report's template is broken: \(error)")
    }
  }

  private var isAccepted: Bool { report["equivalent"] == true }
  private var labels: [String] { (report["labels"]?.arrayValue ?? []).map { $0.stringValue ?? "" } }
  private func list(_ key: String) -> [JSONValue] { report[key]?.arrayValue ?? [] }

  private var context: [String: Any] {
    var context: [String: Any] = [
      "version": text(report["tool"]?["version"]), "candidate": text(report["candidate"]?["file"]), "accepted": isAccepted, "verdict": verdict,
      "cards": cards, "findings": list("findings").map(text), "notes": list("notes").map(text), "engines": engines, "source": source,
    ]
    if let reference = report["reference"]?["file"]?.stringValue { context["reference"] = reference }
    let violations = list("violations").map { violation in
      let output = text(violation["output"])
      return (output.isEmpty ? "" : output + ": ") + text(violation["message"])
    }
    let failure = report["failure"].map { [text($0["message"])] + ($0["notes"]?.arrayValue ?? []).map(text) } ?? []
    context["complaints"] = failure + violations
    add("policy", policy, to: &context)
    add("outputs", list("outputs").map(output), to: &context)
    add("decisions", list("decisions").filter { $0["task"] != "values" }.map(decision), to: &context)
    add("ledger", ledger, to: &context)
    add("worst", worst, to: &context)
    context["ledgerCount"] = list("ledger").count
    context["ledgerIsShort"] = list("ledger").count <= 12
    if let plot = LayerPlot(report) {
      context["layers"] = ["svg": plot.svg, "names": plot.names, "omitted": plot.omitted > 0 ? "\(plot.omitted) nodes of smaller errors are not shown." : ""] as [String: Any]
    }
    return context
  }

  /// A list with a flag that it is not empty.
  private func add(_ key: String, _ items: [[String: Any]], to context: inout [String: Any]) {
    context[key] = items
    context["has" + key.prefix(1).uppercased() + key.dropFirst()] = !items.isEmpty
  }

  private var verdict: String {
    guard report["failure"] == nil else { return "The comparison could not be made." }
    let samples = report["samples"]?.intValue.map { "on \(NumberFormat.counted($0, "sample"))" } ?? ""
    guard let policy = report["policy"] else {
      return isAccepted ? "The candidate is equivalent to the reference \(samples)." : "The candidate is not equivalent to the reference \(samples)."
    }
    let verdicts = policy["verdicts"]?.arrayValue ?? []
    let kept = verdicts.count { $0["kept"] == true }
    return "\(kept) of the \(verdicts.count) rules of “\(text(policy["name"]))” are kept \(samples)."
  }

  private var engines: String {
    let names = ["reference", "candidate"].compactMap { side in
      report[side]?["engine"]?.stringValue.map { "the \(side) was run by the \($0 == "reference" ? "interpreter" : $0)" }
    }
    let oracle = report["oracle_samples"]?.intValue.map { ["which the interpreter checked on \(NumberFormat.counted($0, "sample"))"] } ?? []
    return (names + oracle).joined(separator: ", ")
  }

  private var source: String {
    guard let source = report["sample_source"] else { return "" }
    let digest = source["digest"]?.stringValue.map { ", SHA-256 \($0.prefix(16))…" } ?? ""
    guard source["kind"] == "generated" else { return "samples: \(text(source["file"]))\(digest)" }
    let parts = (source["parts"]?.arrayValue ?? []).map(text).joined(separator: "; ")
    return "samples generated from seed \(text(source["seed"]))\(digest): \(parts)"
  }

  private var cards: [[String: String]] {
    var cards: [[String: String]] = []
    for decision in list("decisions") {
      guard let agreement = decision["agreement"], let share = agreement["share"]?.doubleValue else { continue }
      cards.append(["title": "Agreement, \(text(decision["name"]))", "value": NumberFormat.percent(share), "note": interval(agreement)])
    }
    if let accuracy = report["accuracy"], let delta = accuracy["delta"]?.doubleValue, let labelled = accuracy["labelled"]?.doubleValue, labelled > 0 {
      let (one, two) = ((accuracy["reference"]?.doubleValue ?? 0) / labelled, (accuracy["candidate"]?.doubleValue ?? 0) / labelled)
      cards.append([
        "title": "Accuracy", "value": NumberFormat.percent(two), "note": "was \(NumberFormat.percent(one)), \(String(format: "%+.2f", delta)) points",
      ])
    }
    if let size = report["candidate"]?["bytes"]?.intValue {
      let before = report["reference"]?["bytes"]?.intValue ?? 0
      let share = before > 0 && size > 0 ? String(format: "of %@, %.1f× smaller", NumberFormat.bytes(before), Double(before) / Double(size)) : ""
      cards.append(["title": "File", "value": NumberFormat.bytes(size), "note": share])
    }
    if let cost = report["cost"], let median = cost["median_ms"]?.doubleValue {
      cards.append([
        "title": "Latency", "value": String(format: "%.3f ms", median),
        "note": "\(text(cost["batch"]))×\(text(cost["sequence"])) on \(text(cost["threads"])) threads; \(NumberFormat.bytes(cost["peak_bytes"]?.intValue ?? 0)) of memory",
      ])
    }
    return cards
  }

  private func interval(_ proportion: JSONValue) -> String {
    guard let low = proportion["interval"]?[0]?.doubleValue, let high = proportion["interval"]?[1]?.doubleValue else { return "" }
    return "\(NumberFormat.percent(low)) to \(NumberFormat.percent(high)) with 95 % confidence"
  }

  private var policy: [[String: Any]] {
    (report["policy"]?["verdicts"]?.arrayValue ?? []).map { ["rule": text($0["rule"]), "figure": text($0["figure"]), "kept": $0["kept"] == true] }
  }

  private func output(_ output: JSONValue) -> [String: Any] {
    func number(_ key: String) -> String { output[key]?.doubleValue.map(NumberFormat.short) ?? "not finite" }
    func cosine(_ key: String) -> String { output[key]?.doubleValue.map { String(format: "%.6f", $0) } ?? "not finite" }
    let noise = output["max_abs"]?.doubleValue == 0 && output["sqnr_db"]?.doubleValue == nil ? "∞" : number("sqnr_db")
    return [
      "name": text(output["name"]), "rows": NumberFormat.grouped(output["rows"]?.intValue ?? 0), "max_abs": number("max_abs"), "mean_abs": number("mean_abs"),
      "min_cosine": cosine("min_cosine"), "mean_cosine": cosine("mean_cosine"), "sqnr": noise,
    ]
  }

  private func decision(_ decision: JSONValue) -> [String: Any] {
    var result: [String: Any] = ["name": text(decision["name"]), "task": text(decision["task"]), "reason": text(decision["reason"])]
    result["facts"] = facts(decision)
    if let plot = MarginPlot(decision) { result["margins"] = plot.svg }
    if let matrix = FlipMatrix(decision, labels: labels) {
      result["matrix"] = ["svg": matrix.svg, "omitted": matrix.omitted > 0 ? "\(matrix.omitted) flips of other classes are not shown." : ""]
    }
    return result
  }

  private func facts(_ decision: JSONValue) -> [String] {
    func proportion(_ value: JSONValue?, _ what: String) -> String? {
      guard let value, let share = value["share"]?.doubleValue else { return nil }
      return "\(text(value["successes"])) of \(text(value["total"])) \(what): \(NumberFormat.percent(share)), \(interval(value))."
    }
    func figure(_ value: JSONValue?, _ what: String) -> String? { value?.doubleValue.map { "\(what): \(NumberFormat.short($0))." } }
    let undecided = decision["undecided"]?.intValue ?? 0
    return [
      proportion(decision["agreement"], "decisions agree"), proportion(decision["samples_unchanged"], "samples have no decision that differs"),
      proportion(decision["last_token"], "last tokens agree"), undecided > 0 ? "\(undecided) could not be decided, for NaN or want of values." : nil,
      (decision["flip_matrix"]?.arrayValue ?? decision["flips"]?.arrayValue ?? []).isEmpty ? nil : figure(decision["max_flip_margin"], "Largest margin of a flip"),
      decision["top_k"].flatMap { figure($0["overlap"], "Overlap of the best \(text($0["k"]))") },
      decision["entities"].map { "Entities: \(text($0["reference"])) and \(text($0["candidate"])), of which \(text($0["common"])) are the same; F1 \(text($0["f1"]))." },
      figure(decision["token_f1"], "Mean F1 of answers by tokens"),
      decision["cosine"]?["min"]?.doubleValue.map { "Cosine between a sample's vectors: at least \(NumberFormat.short($0)), median \(decision["cosine"]?["median"]?.doubleValue.map(NumberFormat.short) ?? "not known")." },
      proportion(decision["neighbours"]?["agreement"], "nearest neighbours are the same"), figure(decision["correlation"], "Correlation"),
      figure(decision["max_abs"], "Largest error"),
    ].compactMap { $0 }
  }

  private var ledger: [[String: Any]] {
    list("ledger").map { entry in
      [
        "step": text(entry["step"]), "promise": text(entry["guarantee"]), "done": text(entry["done"]),
        "nodes": NumberFormat.grouped(entry["nodes"]?.intValue ?? 0), "weights": NumberFormat.bytes(entry["bytes"]?.intValue ?? 0),
        "drift": entry["drift"]?["max_rel"]?.doubleValue.map(NumberFormat.short) ?? "",
      ]
    }
  }

  private var worst: [[String: Any]] {
    list("worst").map { item in
      [
        "sample": "\((item["sample"]?.intValue ?? 0) &+ 1)", "task": text(item["task"]), "what": text(item["what"]), "text": text(item["text"]),
      ]
    }
  }

  private func text(_ value: JSONValue?) -> String {
    guard let value, !value.isNull else { return "" }
    return value.stringValue ?? value.serialized()
  }
}
