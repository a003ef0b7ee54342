internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheJSON
import LathePassKit
import LatheReports
import OrderedCollections

/// What `lathe convert` says of a conversion: the ledger, the budget, what was asked with `--why`, and the sizes.
struct ConversionReport {
  private let conversion: Conversion
  private let input: String
  /// nil where nothing was written.
  private let output: String?
  /// What stopped the conversion.
  private let failure: Diagnostic?

  init(_ conversion: Conversion, input: String, output: String?, failure: Diagnostic? = nil) {
    self.conversion = conversion
    self.input = input
    self.output = output
    self.failure = failure
  }

  /// Writes the report to a file that was opened before, as a page or as JSON.
  func write(to file: OutputFile, asPage: Bool) throws(Diagnostic) {
    let text = asPage ? try ConversionPage(json).html() : json.serialized(pretty: true) + "\n"
    try file.write(Array(text.utf8))
    try file.commit()
  }

  func print(json asJSON: Bool) {
    if asJSON { return Terminal.output.writeLine(json.serialized(pretty: true)) }
    Terminal.output.write(LedgerTable(conversion.ledger).render() + budget + explanations)
    guard let output else { return }
    Terminal.output.writeLine(
      "\n\(input): \(NumberFormat.grouped(inputBytes)) bytes → \(output): \(NumberFormat.grouped(outputBytes)) bytes\(ratio)")
  }

  /// The report for machines: `Schemas/report.schema.json`.
  var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "tool": ["name": "lathe", "version": .string(LatheCommand.version)],
      "input": .string(input), "output": output.map { .string($0) } ?? .null,
      "input_bytes": .integer(Int64(inputBytes)), "output_bytes": .integer(Int64(outputBytes)),
      "samples": .integer(Int64(conversion.sampleCount)),
      "ledger": conversion.ledger.json(withTimes: true),
      "budget": .array(conversion.verdicts.map(\.json)),
    ]
    if !conversion.explanations.isEmpty {
      object["why"] = .array(
        conversion.explanations.map { explanation in
          ["pass": .string(explanation.pass.rawValue), "lines": .array(explanation.lines.map { .string($0) })]
        })
    }
    if let name = conversion.recipe { object["recipe"] = .string(name) }
    if let failure {
      object["failure"] = [
        "id": .string(failure.id), "message": .string(failure.message), "notes": .array(failure.notes.map { .string($0) }),
      ]
    }
    return .object(object)
  }

  private var inputBytes: Int { conversion.source.files.reduce(0) { $0 + Self.size($1) } }

  private var outputBytes: Int { output.map { Self.size($0) + Self.size($0 + ".data") } ?? 0 }

  private var budget: String {
    guard !conversion.verdicts.isEmpty else { return "" }
    var table = TextTable([("budget", .left), ("figure", .right), ("", .left)])
    for verdict in conversion.verdicts { table.append([verdict.rule, verdict.figure, verdict.isKept ? "kept" : "BROKEN"]) }
    return "\n" + table.render()
  }

  private var explanations: String {
    conversion.explanations.map { explanation in
      let entries = conversion.ledger.entries.filter { $0.step == explanation.pass.rawValue }
      let done = entries.reduce(0) { $0 + $1.done }
      let refusals = entries.last?.declined.map { "declined \($0.subject): \($0.reason)" } ?? []
      let lines = refusals + explanation.lines.prefix(10)
      let head = "\nwhy \(explanation.pass): \(done) done, \(entries.last?.declined.count ?? 0) declined"
      let body = lines.isEmpty ? ["nothing else in the graph comes near it"] : lines
      return ([head] + body.map { "  " + DiagnosticRenderer.printable($0) }).joined(separator: "\n") + "\n"
    }.joined()
  }

  /// ` (1.52× smaller)`, or nothing where the sizes are within a percent or two.
  private var ratio: String {
    guard inputBytes > 0, outputBytes > 0 else { return "" }
    let ratio = Double(inputBytes) / Double(outputBytes)
    if ratio > 1.02 { return " (\(String(format: "%.2f", ratio))× smaller)" }
    return ratio < 0.98 ? " (\(String(format: "%.2f", 1 / ratio))× larger)" : ""
  }

  private static func size(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
  }
}
