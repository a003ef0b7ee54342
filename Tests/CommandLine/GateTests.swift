import Foundation
import LatheTestSupport
import Testing

/// `lathe verify --policy` and `lathe gate`.
@Suite struct GateTests {
  static let example = CommandLineTests.example
  static let texts = ["--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json"]
  static let policy = "name: mine\noutputs: {logits: {minimum-agreement: 0.95, maximum-flip-margin: 1}}\nminimum-samples: 40\nmaximum-size-share: 1.05\n"

  /// The example's first lines.
  static func samples(_ folder: TemporaryFolder, _ lines: Int = 40) throws -> String {
    let all = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n").prefix(lines)
    return try folder.write("samples.jsonl", Array((all.joined(separator: "\n") + "\n").utf8))
  }

  @Test func aGoodModelPassesAndABadOneIsRejectedByTheSamePolicy() throws {
    let folder = try TemporaryFolder()
    let (policy, samples) = (try folder.write("policy.yaml", Array(Self.policy.utf8)), try Self.samples(folder))
    let (good, bad) = (folder.file("good.lathe"), folder.file("bad.lathe"))
    for (path, pass) in [(good, "quantize/int8"), (bad, "quantize/weights:bits=4")] {
      let run = try LatheProcess(
        ["convert", CommandLineTests.model, "-o", path, "--recipe", "fuse", "--pass", pass] + (path == good ? ["--calibration-samples", samples] : []) + Self.texts)
      #expect(run.status == 0, "\(run.errors)")
    }
    let accepted = try LatheProcess(["verify", CommandLineTests.model, good, "--samples", samples, "--policy", policy, "--json"])
    #expect(accepted.status == 0, "\(accepted.errors)")
    #expect((try accepted.json()["policy"] as? [String: Any])?["passed"] as? Bool == true)
    let strict = try folder.write("strict.yaml", Array("outputs: {logits: {minimum-cosine: 0.99999999}}\n".utf8))
    let rejected = try LatheProcess(["verify", CommandLineTests.model, bad, "--samples", samples, "--policy", strict])
    #expect(rejected.status == 1 && rejected.output.contains("BROKEN") && rejected.errors.contains("logits: cosine at least 0.99999999"), "\(rejected.errors)")
  }

  @Test func theRecordOfAConversionIsJudgedOffline() throws {
    let folder = try TemporaryFolder()
    let (policy, samples, model) = (try folder.write("policy.yaml", Array(Self.policy.utf8)), try Self.samples(folder), folder.file("m.lathe"))
    let convert = try LatheProcess(["convert", CommandLineTests.model, "-o", model, "--recipe", "fuse", "--samples", samples] + Self.texts)
    #expect(convert.status == 0, "\(convert.errors)")
    try FileManager.default.removeItem(atPath: samples)
    let gate = try LatheProcess(["gate", model, "--policy", policy, "--json"])
    #expect(gate.status == 0, "\(gate.errors) \(gate.output)")
    #expect(try gate.json()["samples"] as? Int == 40)
    // A figure that is not recorded breaks its rule, a size is that of the file itself.
    for (rule, text) in [("maximum-latency-ms: 1e9", "not in the report"), ("maximum-bytes: 10", "at most 10 bytes"), ("minimum-samples: 41", "at least 41 samples")] {
      let run = try LatheProcess(["gate", model, "--policy", try folder.write("p.yaml", Array(rule.utf8))])
      #expect(run.status == 1 && run.errors.contains(text), "\(rule): \(run.errors)")
    }
  }

  @Test func aRecordOfAnotherGraphIsNoRecord() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = (folder.file("m.lathe"), try Self.samples(folder, 4))
    let policy = try folder.write("policy.yaml", Array("minimum-samples: 1\n".utf8))
    let bare = try LatheProcess(["convert", CommandLineTests.model, "-o", model, "--recipe", "fuse"] + Self.texts)
    #expect(bare.status == 0)
    let unrecorded = try LatheProcess(["gate", model, "--policy", policy])
    #expect(unrecorded.status == 1 && unrecorded.errors.contains("--record"), "\(unrecorded.errors)")
    let recorded = folder.file("r.lathe")
    let verify = try LatheProcess(["verify", CommandLineTests.model, model, "--samples", samples, "--record", recorded])
    #expect(verify.status == 0, "\(verify.errors)")
    #expect(try LatheProcess(["gate", recorded, "--policy", policy]).status == 0)
    // Converted on, the record is of the graph before: it counts no more.
    let next = folder.file("n.lathe")
    #expect(try LatheProcess(["convert", recorded, "-o", next, "--pass", "quantize/weights"]).status == 0)
    #expect(try LatheProcess(["gate", next, "--policy", policy]).status == 1)
    #expect(try LatheProcess(["gate", CommandLineTests.model, "--policy", policy]).status == 65)
    #expect(try LatheProcess(["gate", model, "--policy", folder.file("absent.yaml")]).status == 66)
  }

  @Test func withoutSamplesTheyAreGenerated() throws {
    let folder = try TemporaryFolder()
    let (model, _) = try CommandLineTests.converted(folder, lines: 1)
    func run(_ arguments: [String]) throws -> LatheProcess {
      try LatheProcess(["verify", CommandLineTests.model, model, "--engine", "runtime", "--reference-engine", "runtime", "--max-length", "16", "--json"] + arguments)
    }
    let (one, two, other) = (try run([]), try run([]), try run(["--seed", "2"]))
    #expect(one.status == 0, "\(one.errors)")
    func digest(_ run: LatheProcess) throws -> String? { (try run.json()["sample_source"] as? [String: Any])?["digest"] as? String }
    #expect(try digest(one) != nil && digest(one) == digest(two) && digest(one) != digest(other))
  }

  @Test func reportsAreWrittenInEveryFormatAndFollowTheSchema() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try CommandLineTests.converted(folder, lines: 6)
    let policy = try folder.write("policy.yaml", Array("outputs: {logits: {minimum-agreement: 1}}\nminimum-samples: 7\nmaximum-memory-bytes: 1000000000000\n".utf8))
    for ending in ["html", "json", "xml"] {
      let run = try LatheProcess(["verify", CommandLineTests.model, model, "--samples", samples, "--policy", policy, "--report", folder.file("r.\(ending)")])
      #expect(run.status == 1, "\(run.errors)")
    }
    #expect(String(decoding: try folder.bytes("r.html"), as: UTF8.self).contains("Rejected."))
    #expect(String(decoding: try folder.bytes("r.xml"), as: UTF8.self).contains("at least 7 samples"))
    let report = try JSONSerialization.jsonObject(with: Data(folder.bytes("r.json")))
    let schema = try #require(try JSONSerialization.jsonObject(with: Data(Repository.bytes("Schemas/verification.schema.json"))) as? [String: Any])
    try ConversionTests.check(report, schema, schema, "verification")
    #expect(try LatheProcess(["verify", CommandLineTests.model, model, "--samples", samples, "--report", folder.file("absent/r.html")]).status == 73)
  }

  @Test func labelsInAnotherOrderAreNotEquivalent() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try CommandLineTests.converted(folder, lines: 3)
    let names = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: "\(Self.example)/labels.json"))) as? [String])
    let turned = try folder.write("labels.json", Array(JSONSerialization.data(withJSONObject: Array(names.reversed()))))
    let run = try LatheProcess(["verify", CommandLineTests.model, model, "--samples", samples, "--vocab", "\(Self.example)/vocab.txt", "--labels", turned])
    #expect(run.status == 1 && run.errors.contains("call their classes otherwise"), "\(run.errors)")
  }

  @Test func anotherVocabularyIsNotEquivalent() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try CommandLineTests.converted(folder, lines: 30)
    let tokens = try String(contentsOfFile: "\(Self.example)/vocab.txt", encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    let specials = Set(tokens.prefix(1000).filter { $0.hasPrefix("[") })
    let words = tokens.filter { !$0.isEmpty && !specials.contains($0) }
    let shuffled = tokens.prefix(1000).filter { specials.contains($0) } + Array(words.reversed())
    let other = try folder.write("other.txt", Array((shuffled.joined(separator: "\n") + "\n").utf8))
    let run = try LatheProcess(["verify", CommandLineTests.model, model, "--samples", samples, "--candidate-vocab", other, "--vocab", "\(Self.example)/vocab.txt", "--labels", "\(Self.example)/labels.json"])
    #expect(run.status == 1, "\(run.output) \(run.errors)")
    let longer = try folder.write("longer.txt", Array((tokens.filter { !$0.isEmpty } + ["one-more", "and-another"]).joined(separator: "\n").utf8))
    let wrong = try LatheProcess(["verify", CommandLineTests.model, CommandLineTests.model, "--samples", samples, "--vocab", longer, "--labels", "\(Self.example)/labels.json"])
    #expect(wrong.status == 1 && wrong.errors.contains("rows"), "\(wrong.output) \(wrong.errors)")
  }

  @Test func anEmptyFileIsBadInput() throws {
    let folder = try TemporaryFolder()
    let (model, _) = try CommandLineTests.converted(folder, lines: 1)
    for name in ["empty.jsonl", "empty.txt", "empty.npz"] {
      let run = try LatheProcess(["verify", CommandLineTests.model, model, "--samples", try folder.write(name, [UInt8]())])
      #expect(run.status == 65 && run.output.isEmpty, "\(name): \(run.status) \(run.errors)")
    }
  }

  static let cases = Repository.path("Tests/ONNX/Data/cases")

  /// An array of 32-bit floats as numpy writes it.
  static func npy(_ values: [Float], _ shape: String) -> [UInt8] {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }
  }

  @Test func nanIsEquivalentToNothing() throws {
    let folder = try TemporaryFolder()
    let model = "\(Self.cases)/Linear/model.onnx"
    for (bad, status) in [(Float.nan, Int32(1)), (1, 0)] {
      let samples = try folder.write("x.npy", Self.npy([bad] + [Float](repeating: 1, count: 39), "4, 10"))
      let run = try LatheProcess(["verify", model, model, "--samples", samples, "--min-agreement", "0", "--report", folder.file("r.json")])
      #expect(run.status == status, "\(run.errors)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(folder.bytes("r.json"))) as? [String: Any])
      #expect((report["faults"] as? [String])?.isEmpty == (status == 0))
    }
  }

  @Test func modelsWithOtherOutputsAreRejectedWithAReport() throws {
    let folder = try TemporaryFolder()
    let samples = try folder.write("x.npy", Self.npy([Float](repeating: 1, count: 40), "4, 10"))
    let run = try LatheProcess([
      "verify", "\(Self.cases)/Linear/model.onnx", "\(Self.cases)/Softsign/model.onnx", "--samples", samples, "--report", folder.file("r.xml"),
    ])
    #expect(run.status == 1 && run.errors.contains("different outputs"), "\(run.errors)")
    #expect(String(decoding: try folder.bytes("r.xml"), as: UTF8.self).contains("different outputs"))
  }

  @Test func generatedNumbersDoForAModelOfTensors() throws {
    let model = "\(Self.cases)/Linear/model.onnx"
    let run = try LatheProcess(["verify", model, model, "--task", "3=regression", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    #expect((report["sample_source"] as? [String: Any])?["kind"] as? String == "generated")
    #expect(((report["decisions"] as? [[String: Any]])?.first)?["reason"] as? String == "the user says so")
    #expect(try LatheProcess(["verify", model, model, "--task", "3=sequence"]).status == 64)
    #expect(try LatheProcess(["verify", model, model, "--task", "z=values"]).status == 64)
  }
}
