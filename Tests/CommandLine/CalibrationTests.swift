import Foundation
import LatheTestSupport
import Testing

/// Ranges of activations as files, sweeps, and the passes that look at samples.
@Suite struct CalibrationTests {
  private static let example = Repository.path("Examples/debian-sections")
  private static let text = ["--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json"]
  private static let passes = ["--recipe", "fuse", "--pass", "quantize/smooth", "--pass", "quantize/int8:correct-bias=true"]

  /// So many lines of dev.jsonl from some line on.
  private static func lines(_ folder: TemporaryFolder, _ name: String, from first: Int, _ count: Int) throws -> String {
    let lines = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n")[first..<first + count]
    return try folder.write(name, Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  private static func convert(_ folder: TemporaryFolder, _ name: String, _ arguments: [String]) throws -> LatheProcess {
    try LatheProcess(["convert", "\(example)/model.onnx", "-o", folder.file(name)] + text + arguments)
  }

  private static func graph(_ folder: TemporaryFolder, _ name: String) throws -> String {
    let run = try LatheProcess(["inspect", "--text", folder.file(name)])
    #expect(run.status == 0, "\(run.errors)")
    return run.output
  }

  /// Ranges on eight texts.
  private static func calibrated(_ folder: TemporaryFolder, _ samples: String) throws -> String {
    let path = folder.file("ranges.json")
    let run = try LatheProcess(["calibrate", "\(example)/model.onnx", "-o", path, "--samples", samples] + text + passes)
    #expect(run.status == 0, "\(run.errors)")
    return path
  }

  @Test func rangesOfAFileGiveTheGraphThatTheSamplesGive() throws {
    let folder = try TemporaryFolder()
    let samples = try Self.lines(folder, "samples.jsonl", from: 0, 8)
    let ranges = try Self.calibrated(folder, samples)
    let seen = try Self.convert(folder, "seen.lathe", Self.passes + ["--calibration-samples", samples])
    let read = try Self.convert(folder, "read.lathe", Self.passes + ["--ranges", ranges])
    #expect(seen.status == 0 && read.status == 0, "\(seen.errors)\(read.errors)")
    #expect(try Self.graph(folder, "seen.lathe") == Self.graph(folder, "read.lathe"))
    let json = try #require(try JSONSerialization.jsonObject(with: Data(folder.bytes("ranges.json"))) as? [String: Any])
    let schema = try #require(
      try JSONSerialization.jsonObject(with: Data(Repository.bytes("Schemas/ranges.schema.json"))) as? [String: Any])
    try ConversionTests.check(json, schema, schema, "ranges")
  }

  @Test func numbersThatAreChangedByHandChangeTheScales() throws {
    let folder = try TemporaryFolder()
    let ranges = try Self.calibrated(folder, try Self.lines(folder, "samples.jsonl", from: 0, 8))
    var text = try String(contentsOfFile: ranges, encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.contains("\"mse\"") })
    text = text.replacingOccurrences(of: line, with: "\"mse\": 100")
    try text.write(toFile: ranges, atomically: true, encoding: .utf8)
    let run = try Self.convert(folder, "o.lathe", Self.passes + ["--ranges", ranges])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try Self.graph(folder, "o.lathe").contains("\(Float(100) / 127)"))
  }

  @Test func rangesOfAnotherGraphAreRefused() throws {
    let folder = try TemporaryFolder()
    let ranges = try Self.calibrated(folder, try Self.lines(folder, "samples.jsonl", from: 0, 4))
    let run = try Self.convert(folder, "o.lathe", ["--recipe", "fuse", "--pass", "quantize/int8", "--ranges", ranges])
    #expect(run.status == 65 && run.errors.contains("calibration/stale"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("o.lathe")))
  }

  @Test(arguments: [
    "{}", "[]", "{\"format\": \"lathe-ranges\", \"version\": 2, \"graphs\": {}}", "{\"format\": \"lathe-ranges\", \"version\": 1, \"graphs\": {\"a\": 3}}",
    "{\"format\": \"lathe-ranges\", \"version\": 1, \"graphs\": {\"a\": {\"x\": {\"ranges\": [{\"mse\": -1}]}}}}",
    "{\"format\": \"lathe-ranges\", \"version\": 1, \"graphs\": {\"a\": {\"x\": {\"ranges\": [{\"mse\": 1e99}]}}}}",
    "{\"format\": \"lathe-ranges\", \"version\": 1, \"graphs\": {\"a\": {\"x\": {\"channels\": {\"largest\": [1], \"means\": [], \"mean-squares\": [1]}}}}}",
    "{\"format\"", "",
  ])
  func brokenFilesAreRefused(_ text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("ranges.json", Array(text.utf8))
    let run = try Self.convert(folder, "o.lathe", Self.passes + ["--ranges", path])
    #expect(run.status == 65 && !FileManager.default.fileExists(atPath: folder.file("o.lathe")), "\(run.errors)")
  }

  /// What is in the place of `{"mse": 1}`, what must be said of it.
  @Test(arguments: [
    (#"{"mse": 1, "absmax": 2}"#, "x: ranges[0] has no key absmax; did you mean abs_max?"), (#"{"mse": "1"}"#, "ranges[0]: mse is no number"),
    (#"{"mse": 1}], "chanels": [{}"#, "x has no key chanels; did you mean channels?"),
  ])
  func unknownKeysAreRefusedWithTheirPlace(_ range: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let text = #"{"format": "lathe-ranges", "version": 1, "graphs": {"a": {"x": {"ranges": [\#(range)]}}}}"#
    let run = try Self.convert(folder, "o.lathe", Self.passes + ["--ranges", try folder.write("ranges.json", Array(text.utf8))])
    #expect(run.status == 65 && run.errors.contains("calibration/ranges"), "\(run.errors)")
    for part in message.split(separator: "; ") { #expect(run.errors.contains(part), "\(run.errors)") }
  }

  @Test func passesWithoutARangeToAskForAreNamed() throws {
    let folder = try TemporaryFolder()
    let samples = try Self.lines(folder, "samples.jsonl", from: 0, 2)
    let run = try LatheProcess(
      ["calibrate", "\(Self.example)/model.onnx", "-o", folder.file("r.json"), "--samples", samples, "--recipe", "fuse"] + Self.text)
    #expect(run.status == 64 && run.errors.contains("calibration/nothing"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r.json")))
  }

  @Test func aSweepKeepsTheBestAndRecordsAll() throws {
    let folder = try TemporaryFolder()
    let (samples, others) = (try Self.lines(folder, "a.jsonl", from: 0, 8), try Self.lines(folder, "b.jsonl", from: 100, 16))
    let run = try LatheProcess(
      [
        "sweep", "\(Self.example)/model.onnx", "-o", folder.file("best.lathe"), "--samples", samples, "--held-back", others, "--recipe", "fuse",
        "--pass", "quantize/int8", "--calibrators", "mse,abs_max", "--counts", "4,8", "--report", folder.file("table.json"),
      ] + Self.text)
    #expect(run.status == 0, "\(run.errors)")
    let table = try #require(try JSONSerialization.jsonObject(with: Data(folder.bytes("table.json"))) as? [[String: Any]])
    #expect(table.count == 4)
    let cosines = table.compactMap { $0["agreement"] as? Double }
    #expect(cosines == cosines.sorted(by: >))
    let inspected = try LatheProcess(["inspect", "--json", folder.file("best.lathe")])
    #expect(inspected.output.contains("held_back") && inspected.output.contains("mean_cosine"), "\(inspected.output.prefix(2000))")
  }

  @Test func sweepingNeedsAPassWithACalibrator() throws {
    let folder = try TemporaryFolder()
    let samples = try Self.lines(folder, "a.jsonl", from: 0, 2)
    let run = try LatheProcess(
      ["sweep", "\(Self.example)/model.onnx", "-o", folder.file("o.lathe"), "--samples", samples, "--held-back", samples, "--recipe", "fuse"]
        + Self.text)
    #expect(run.status == 64 && run.errors.contains("sweep/nothing"), "\(run.errors)")
  }

  @Test func layersStayInFloatUntilTheTargetHolds() throws {
    let folder = try TemporaryFolder()
    let samples = try Self.lines(folder, "a.jsonl", from: 0, 16)
    let run = try Self.convert(
      folder, "o.lathe",
      ["--recipe", "fuse", "--pass", #"quantize/mixed:{"metric": "cosine", "target": 0.99999}"#, "--calibration-samples", samples, "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let ledger = try #require(try run.json()["ledger"] as? [[String: Any]])
    let entry = try #require(ledger.first { $0["step"] as? String == "quantize/mixed" })
    #expect(try #require(entry["declined"] as? [Any]).count > 0 && entry["done"] as? Int ?? 0 > 0, "\(entry)")
  }
}
