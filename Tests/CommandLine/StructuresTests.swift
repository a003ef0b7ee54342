import Foundation
import LatheTestSupport
import Testing

/// Scores of structures as files, and pruning by them.
@Suite struct StructuresTests {
  private static let model = Repository.path("Examples/debian-sections") + "/model.onnx"
  private static let magnitude = ["--recipe", "fuse", "--pass", "structure/prune:importance=magnitude"]

  @Test func scoresOfAFilePruneAsTheirOwnImportanceDoes() throws {
    let folder = try TemporaryFolder()
    let scores = folder.file("scores.json")
    let run = try LatheProcess(["score", Self.model, "-o", scores] + Self.magnitude)
    #expect(run.status == 0, "\(run.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(folder.bytes("scores.json"))) as? [String: Any])
    let schema = try #require(
      try JSONSerialization.jsonObject(with: Data(Repository.bytes("Schemas/structures.schema.json"))) as? [String: Any])
    try ConversionTests.check(json, schema, schema, "structures")
    let own = try LatheProcess(
      ["convert", Self.model, "-o", folder.file("own.lathe"), "--recipe", "fuse", "--pass", "structure/prune:importance=magnitude,recover=none"])
    let given = try LatheProcess(
      ["convert", Self.model, "-o", folder.file("given.lathe"), "--recipe", "fuse", "--pass", "structure/prune:importance=given,recover=none"]
        + ["--structures", scores])
    #expect(own.status == 0 && given.status == 0, "\(own.errors)\(given.errors)")
    let graphs = try ["own", "given"].map { try LatheProcess(["inspect", "--text", folder.file("\($0).lathe")]).output }
    #expect(graphs[0] == graphs[1] && !graphs[0].isEmpty)
  }

  @Test(arguments: [
    "", "{}", "[", #"{"format": "lathe-structures", "version": 1, "structures": [{"weights": "x", "axis": 0, "extent": 3, "scores": [1, 2]}]}"#,
    #"{"format": "lathe-structures", "version": 1, "structures": [{"weights": "x", "axis": 0, "extent": 2, "scores": [1, 1e999]}]}"#,
    #"{"format": "lathe-structures", "version": 1, "structures": [{"weights": "x", "axis": 0, "extent": 2, "mask": [false, false]}]}"#,
    #"{"format": "lathe-structures", "version": 1, "structures": [{"weights": "x", "axis": -1, "extent": 2, "mask": [true, false]}]}"#,
    #"{"format": "lathe-structures", "version": 1, "structures": [{"weights": "x", "axis": 0, "extent": 2}]}"#,
    #"{"format": "lathe-structures", "version": 1, "structures": [{"weights": "x", "axis": 0, "extent": 2, "mask": [true, false], "no": 1}]}"#,
  ])
  func aFileThatIsNoneIsRefused(_ text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("structures.json", Array(text.utf8))
    let run = try LatheProcess(["convert", Self.model, "-o", folder.file("o.lathe"), "--structures", path] + Self.magnitude)
    #expect(run.status == 65, "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("o.lathe")))
  }
}
