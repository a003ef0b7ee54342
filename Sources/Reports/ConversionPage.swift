internal import Foundation
import LatheDiagnostics
import LatheJSON
internal import Mustache

/// One self-contained HTML page about a conversion, from the report that machines get (`Schemas/report.schema.json`).
public struct ConversionPage {
  private let report: JSONValue

  public init(_ report: JSONValue) { self.report = report.printable }

  /// The page; every text of the report is escaped.
  ///
  /// - Throws: `report/template`, a fault of ours.
  public func html() throws(Diagnostic) -> String {
    do {
      let template = try MustacheTemplate(string: String(decoding: PackageResources.conversion_mustache, as: UTF8.self))
      return template.render(context)
    } catch {
      throw Diagnostic("report/template", .internalFault, "the report's template is broken: \(error)")
    }
  }

  private var context: [String: Any] {
    let ledger = report["ledger"]?.arrayValue ?? []
    var context: [String: Any] = [
      "input": text(report["input"]), "output": report["output"]?.stringValue ?? "nothing",
      "version": text(report["tool"]?["version"]), "verdict": verdict(ledger), "cards": cards(ledger),
      "measured": isMeasured, "ledger": rows(ledger),
    ]
    if let recipe = report["recipe"]?.stringValue { context["recipe"] = recipe }
    if isMeasured { context["samples"] = text(report["samples"]) }
    if let failure = report["failure"] {
      context["failure"] = [
        "message": text(failure["message"]), "id": text(failure["id"]),
        "notes": (failure["notes"]?.arrayValue ?? []).map { text($0) },
      ] as [String: Any]
    }
    context.merge(sections(ledger)) { first, _ in first }
    return context
  }

  /// The lists that are left out where they are empty, each with a flag that it is not.
  private func sections(_ ledger: [JSONValue]) -> [String: Any] {
    let notes = ledger.flatMap { entry in
      (entry["notes"]?.arrayValue ?? []).map { ["step": text(entry["step"]), "text": text($0)] }
    }
    let budget = (report["budget"]?.arrayValue ?? []).map { verdict in
      ["rule": text(verdict["rule"]), "figure": text(verdict["figure"]), "kept": verdict["kept"] == true] as [String: Any]
    }
    let declined = ledger.filter { !($0["declined"]?.arrayValue ?? []).isEmpty }.map { entry in
      let items = (entry["declined"]?.arrayValue ?? []).map { ["subject": text($0["subject"]), "reason": text($0["reason"])] }
      return ["step": text(entry["step"]), "count": items.count, "isShort": items.count <= 8, "items": items] as [String: Any]
    }
    let why = (report["why"]?.arrayValue ?? []).map { item in
      ["pass": text(item["pass"]), "lines": (item["lines"]?.arrayValue ?? []).prefix(20).map { text($0) }] as [String: Any]
    }
    return [
      "notes": notes, "hasNotes": !notes.isEmpty, "budget": budget, "hasBudget": !budget.isEmpty,
      "declined": declined, "hasDeclined": !declined.isEmpty, "why": why, "hasWhy": !why.isEmpty,
    ]
  }

  private var isMeasured: Bool { (report["samples"]?.intValue ?? 0) > 0 }

  private func verdict(_ ledger: [JSONValue]) -> String {
    guard isMeasured, let total = ledger.last?["total_drift"] else {
      return "No samples were given, so no promise was measured."
    }
    return "Every pass kept its promise on the samples; the outputs are within \(figure(total)) of the imported model's, relative to their largest magnitude, and \(percent(total["agreement"])) of the decisions agree."
  }

  private func cards(_ ledger: [JSONValue]) -> [[String: String]] {
    func change(_ title: String, _ before: JSONValue?, _ after: JSONValue?, bytes: Bool = false) -> [String: String] {
      let (old, new) = (before?.intValue ?? 0, after?.intValue ?? 0)
      let share = old > 0 ? String(format: ", %.1f %%", 100 * Double(new) / Double(old)) : ""
      let shown = bytes ? NumberFormat.bytes : NumberFormat.grouped
      return ["title": title, "value": shown(new), "note": "of \(shown(old))\(share)"]
    }
    guard let first = ledger.first, let last = ledger.last else { return [] }
    return [
      change("Nodes", first["nodes"], last["nodes"]), change("Parameters", first["parameters"], last["parameters"]),
      change("Weights", first["bytes"], last["bytes"], bytes: true),
      change("File", report["input_bytes"], report["output_bytes"], bytes: true),
    ]
  }

  private func rows(_ ledger: [JSONValue]) -> [[String: Any]] {
    let largest = (
      nodes: ledger.compactMap { $0["nodes"]?.doubleValue }.max() ?? 1, bytes: ledger.compactMap { $0["bytes"]?.doubleValue }.max() ?? 1
    )
    return ledger.map { entry in
      let isPass = entry["guarantee"] != nil
      let drift = entry["drift"]
      var row: [String: Any] = [
        "step": text(entry["step"]), "promise": text(entry["guarantee"]),
        "done": isPass ? text(entry["done"]) : "", "declined": isPass ? "\(entry["declined"]?.arrayValue?.count ?? 0)" : "",
        "nodes": NumberFormat.grouped(entry["nodes"]?.intValue ?? 0), "weights": NumberFormat.bytes(entry["bytes"]?.intValue ?? 0),
        "nodesShare": Self.share(entry["nodes"]?.doubleValue ?? 0, of: largest.nodes),
        "weightsShare": Self.share(entry["bytes"]?.doubleValue ?? 0, of: largest.bytes),
        "seconds": NumberFormat.seconds(entry["seconds"]?.doubleValue ?? 0), "measured": isMeasured,
        "drift": drift.map(figure) ?? "", "agreement": percent(entry["total_drift"]?["agreement"]),
      ]
      if let options = entry["options"] { row["options"] = options.serialized() }
      let relative = drift?["max_rel"]?.doubleValue ?? 0
      row["hasDrift"] = relative > 0
      row["driftShare"] = String(format: "%.1f", 100 * min(1, max(0, (log10(max(relative, 1e-9)) + 9) / 9)))
      return row
    }
  }

  /// The relative error, or `0` where not a bit changed.
  private func figure(_ drift: JSONValue) -> String {
    guard drift["changed_outputs"] != 0 else { return "0" }
    return drift["max_rel"]?.doubleValue.map(NumberFormat.short) ?? "not finite"
  }

  private func percent(_ value: JSONValue?) -> String {
    value?.doubleValue.map(NumberFormat.percent) ?? ""
  }

  private func text(_ value: JSONValue?) -> String {
    guard let value, !value.isNull else { return "" }
    return value.stringValue ?? value.serialized()
  }

  private static func share(_ value: Double, of largest: Double) -> String {
    String(format: "%.1f", largest > 0 ? 100 * value / largest : 0)
  }
}
