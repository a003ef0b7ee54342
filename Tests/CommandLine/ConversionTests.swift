import Foundation
import LatheTestSupport
import Testing

/// Recipes, reports and what `lathe convert` tells of its passes.
@Suite struct ConversionTests {
  static let example = Repository.path("Examples/debian-sections")

  static func convert(_ folder: TemporaryFolder, _ arguments: [String]) throws -> LatheProcess {
    try LatheProcess(["convert", "\(example)/model.onnx", "-o", folder.file("out.lathe")] + arguments)
  }

  /// Three lines of dev.jsonl, and the options that read them.
  static func samples(_ folder: TemporaryFolder) throws -> [String] {
    let lines = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n").prefix(3)
    let path = try folder.write("samples.jsonl", Array((lines.joined(separator: "\n") + "\n").utf8))
    return ["--samples", path, "--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json"]
  }

  @Test func driftStandsInTheReportOfEveryPass() throws {
    let folder = try TemporaryFolder()
    let run = try Self.convert(folder, ["--recipe", "fuse", "--json"] + Self.samples(folder))
    #expect(run.status == 0, "\(run.errors)")
    let ledger = try #require(try run.json()["ledger"] as? [[String: Any]])
    #expect(ledger.count > 20)
    for entry in ledger.dropFirst() {
      let drift = try #require(entry["drift"] as? [String: Any])
      #expect(drift["samples"] as? Int == 3)
      if entry["guarantee"] as? String == "identical bits" { #expect(drift["changed_outputs"] as? Int == 0, "\(entry)") }
    }
    let total = try #require(ledger.last?["total_drift"] as? [String: Any])
    #expect(try #require(total["max_rel"] as? Double) < 1e-5)
  }

  @Test func outputsThatArePutAsideOnRequestDoNotBreakTheMeasurement() throws {
    let folder = try TemporaryFolder()
    let model = Repository.path("Tests/Passes/Exporters/models/t5-torchscript-eager-14")
    let run = try LatheProcess([
      "convert", "\(model)/model.onnx", "-o", folder.file("o.lathe"), "--samples", "\(model)/test_data_set_0", "--pass",
      #"simplify/eliminate-unused-inputs:{"keep-outputs": ["logits"]}"#, "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func theReportFollowsItsSchema() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("report.json")
    let run = try Self.convert(folder, ["--recipe", "fuse", "--why", "fuse/attention", "--report", path] + Self.samples(folder))
    #expect(run.status == 0, "\(run.errors)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(folder.bytes("report.json"))) as? [String: Any])
    let text = try Data(Repository.bytes("Schemas/report.schema.json"))
    let schema = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    try Self.check(report, schema, schema, "report")
  }

  /// Keys that are required, keys that are known, and the parts of both.
  static func check(_ value: Any, _ part: [String: Any], _ root: [String: Any], _ place: String) throws {
    if let name = (part["$ref"] as? String)?.split(separator: "/").last {
      let parts = try #require(root["$defs"] as? [String: [String: Any]])
      return try check(value, try #require(parts[String(name)]), root, place)
    }
    if let object = value as? [String: Any], let known = part["properties"] as? [String: [String: Any]] {
      for key in part["required"] as? [String] ?? [] { #expect(object[key] != nil, "\(place) has no \(key)") }
      for (key, member) in object {
        let schema = try #require(known[key], "\(place).\(key) is not in the schema")
        try check(member, schema, root, "\(place).\(key)")
      }
    }
    if let list = value as? [Any], let items = part["items"] as? [String: Any] {
      for element in list { try check(element, items, root, "\(place)[]") }
    }
  }

  @Test func pagesAreWrittenAlsoOfFailures() throws {
    let folder = try TemporaryFolder()
    let recipe = try folder.write("r.yaml", Array("passes: [simplify/fold-constants]\nbudget: {maximum-nodes: 3}\n".utf8))
    let run = try Self.convert(folder, ["--recipe", recipe, "--report", folder.file("page.html")])
    #expect(run.status == 1 && run.errors.contains("at most 3 nodes"), "\(run.errors)")
    #expect(run.output.contains("BROKEN") && run.output.contains("simplify/fold-constants"))
    let page = String(decoding: try folder.bytes("page.html"), as: UTF8.self)
    #expect(page.contains("Stopped."))
    #expect(folder.names == ["page.html", "r.yaml"], "no model is left behind")
  }

  @Test func aReportThatCannotBeWrittenLeavesNoModel() throws {
    let folder = try TemporaryFolder()
    let run = try Self.convert(folder, ["--recipe", "simplify", "--report", folder.file("absent/page.html")])
    #expect(run.status == 73 && folder.names.isEmpty, "\(run.errors) \(folder.names)")
  }

  @Test func aBudgetThatIsKeptStandsInTheRecord() throws {
    let folder = try TemporaryFolder()
    let text = "passes: [{recipe: fuse}]\nbudget: {coverage: [{pass: fuse/attention, minimum-done: 3, maximum-declined: 0}]}\n"
    let run = try Self.convert(folder, ["--recipe", try folder.write("r.yml", Array(text.utf8))])
    #expect(run.status == 0, "\(run.errors)")
    let inspect = try LatheProcess(["inspect", folder.file("out.lathe"), "--json"])
    #expect(inspect.output.contains("does at least 3"), "\(inspect.output.prefix(300))")
  }

  @Test func faultsInARecipeNameTheLine() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("r.yaml", Array("passes:\n  - simplify/fold-constants: {maximum-grow: 3}\n".utf8))
    let run = try Self.convert(folder, ["--recipe", path])
    #expect(run.status == 64 && run.errors.contains("r.yaml:2:") && run.errors.contains("maximum-growth"), "\(run.errors)")
    #expect(!folder.names.contains("out.lathe"))
    #expect(try Self.convert(folder, ["--recipe", folder.file("absent.yaml")]).status == 66)
    #expect(try Self.convert(folder, ["--recipe", "fus"]).errors.contains("did you mean fuse"))
  }

  @Test func anNNCFConfigurationIsReportedLineByLine() throws {
    let folder = try TemporaryFolder()
    let text = #"{"input_info": [], "compression": {"algorithm": "magnitude_sparsity"}}"#
    let run = try Self.convert(folder, ["--recipe", try folder.write("nncf.json", Array(text.utf8))])
    #expect(run.status == 0 && run.errors.contains("input_info has no meaning after training"), "\(run.errors)")
  }

  @Test func passesCanBeCutShortAndLookedAt() throws {
    let folder = try TemporaryFolder()
    let run = try Self.convert(
      folder, ["--recipe", "fuse", "--stop-after", "3", "--dump-after", "simplify/eliminate-identities", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect((try run.json()["ledger"] as? [Any])?.count == 4)
    #expect(folder.names == ["out.lathe", "out.lathe.03.simplify-eliminate-identities.ir"], "\(folder.names)")
    #expect(String(decoding: try folder.bytes(folder.names[1]), as: UTF8.self).hasPrefix("graph"))
    let late = try Self.convert(folder, ["--recipe", "fuse", "--stop-after", "3", "--dump-after", "fuse/attention"])
    #expect(late.status == 64 && late.errors.contains("--stop-after 3 ends before it"))
  }

  @Test func whyTellsWhereTheNearestMatchStopped() throws {
    let folder = try TemporaryFolder()
    let model = Repository.path("Tests/Passes/Exporters/models/deberta-v2-torchscript-eager-14/model.onnx")
    let run = try LatheProcess(["convert", model, "-o", folder.file("o.lathe"), "--recipe", "fuse", "--why", "fuse/attention"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("stands between the Softmax and a product of queries and keys"), "\(run.output)")
  }
}
