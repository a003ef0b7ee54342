import Foundation
import LatheIR
import LatheONNX
import LatheOperators
import LatheTestSupport
import Testing

/// What `lathe verify` accepts and rejects, on models of a node or two, and what it does where it can do neither.
@Suite struct VerdictTests {
  static let policy = "outputs: {y: {maximum-absolute-error: 1}}\n"

  /// A model of the text form as an ONNX file.
  static func model(_ folder: TemporaryFolder, _ name: String, _ text: String) throws -> String {
    _ = try ONNXExporter().export(Model(graph: try GraphParser(catalog: .standard).parse(text)), to: folder.file(name))
    return folder.file(name)
  }

  /// Twenty samples of three numbers.
  static func samples(_ folder: TemporaryFolder) throws -> String {
    try folder.write("x.npy", GateTests.npy((0..<60).map { Float(sin(Double($0) * 1.7)) }, "20, 3"))
  }

  static func weighted(_ folder: TemporaryFolder, _ name: String, _ weights: String, then operation: String = "%y = Identity(%h)") throws -> String {
    try model(folder, name, "graph (%x: f32[n, 3]) -> (%y) {\n  @w: f32[3, 1] = [\(weights)]\n  %h = MatMul(%x, @w)\n  \(operation)\n}")
  }

  @Test(arguments: ["%y = Identity(%h)", "%y = Sigmoid(%h)"]) func numbersThatAreOffAreRejected(_ operation: String) throws {
    let folder = try TemporaryFolder()
    let samples = try Self.samples(folder)
    let reference = try Self.weighted(folder, "a.onnx", "1.0, 2.0, 3.0", then: operation)
    for (name, weights, status) in [("b", "2.0, 4.0, 6.0", Int32(1)), ("c", "-1.0, -2.0, -3.0", 1), ("d", "1.001, 2.001, 2.999", 0)] {
      let run = try LatheProcess(["verify", reference, try Self.weighted(folder, "\(name).onnx", weights, then: operation), "--samples", samples])
      #expect(run.status == status, "\(weights): \(run.output)\(run.errors)")
      #expect(run.output.contains("on 20 samples"), "rows are samples: \(run.output)")
    }
    let asked = try LatheProcess(["verify", reference, reference, "--samples", samples, "--min-agreement", "0.5"])
    #expect(asked.status == 1 && asked.errors.contains("no output decides anything"), "\(asked.errors)")
    #expect(try LatheProcess(["verify", reference, reference, "--samples", samples, "--max-abs", "inf"]).status == 64)
  }

  @Test func tagsAndLabelsAreDecisions() throws {
    let folder = try TemporaryFolder()
    let tags = try folder.write("x.npy", GateTests.npy((0..<40).map { Float(sin(Double($0) * 1.7)) }, "2, 4, 5"))
    func scores(_ name: String, _ sign: String) throws -> String {
      try Self.model(folder, name, "graph (%x: f32[n, t, 5]) -> (%logits) {\n  @s: f32[1] = [\(sign)]\n  @o: f32[1] = [100.0]\n  %m = Mul(%x, @s)\n  %logits = Add(%m, @o)\n}")
    }
    let (one, other) = (try scores("a.onnx", "0.01"), try scores("b.onnx", "-0.01"))
    for arguments in [[], ["--min-agreement", "0.5"]] {
      let run = try LatheProcess(["verify", one, other, "--samples", tags] + arguments)
      #expect(run.status == 1 && run.errors.contains("8 of 8 decisions differ"), "the cosine hides it: \(run.output)\(run.errors)")
    }
    let samples = try Self.samples(folder)
    func label(_ name: String, _ bias: String) throws -> String {
      try Self.model(folder, name, "graph (%x: f32[n, 3]) -> (%label) {\n  @b: f32[3] = [\(bias)]\n  %s = Add(%x, @b)\n  %label = ArgMax(%s) {axis = 1, keepdims = 0}\n}")
    }
    let classes = (try label("c.onnx", "0.0, 9.0, 0.0"), try label("d.onnx", "0.0, 0.0, 9.0"))
    let run = try LatheProcess(["verify", classes.0, classes.1, "--samples", samples])
    #expect(run.status == 1 && run.errors.contains("20 of 20 decisions differ"), "\(run.output)\(run.errors)")
    #expect(try LatheProcess(["verify", classes.0, classes.0, "--samples", samples]).status == 0)
  }

  @Test func answersAreComparedBySample() throws {
    let folder = try TemporaryFolder()
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"]
    let vocabulary = try folder.write("vocab.txt", Array((words.joined(separator: "\n") + "\n").utf8))
    let samples = try folder.write("s.txt", Array("a b c d\nb a\nd d c\nc\n".utf8))
    // A score near 0 changes its sign, and no answer does.
    func model(_ name: String, _ small: String) throws -> String {
      try Self.model(
        folder, name,
        """
        graph (%input_ids: i64[n, t]) -> (%start_logits, %end_logits) {
          @t: f32[8] = [0.5, 0.25, -1.0, -2.0, 3.0, \(small), 2.0, 1.5]
          @u: f32[8] = [0.5, 0.25, -1.0, -2.0, 1.0, 2.0, 4.0, 1.5]
          %start_logits = Gather(@t, %input_ids)
          %end_logits = Gather(@u, %input_ids)
        }
        """)
    }
    let run = try LatheProcess(["verify", model("a.onnx", "1e-7"), model("b.onnx", "-1e-7"), "--samples", samples, "--vocab", vocabulary])
    #expect(run.status == 0 && run.output.contains("4 of 4 decisions agree"), "\(run.output)\(run.errors)")
    let other = try LatheProcess(["verify", model("a.onnx", "1e-7"), model("c.onnx", "7.0"), "--samples", samples, "--vocab", vocabulary, "--min-agreement", "1"])
    #expect(other.status == 1 && other.errors.contains("decisions differ"), "\(other.output)\(other.errors)")
  }

  @Test func theInterpreterChecksTheRuntime() throws {
    let folder = try TemporaryFolder()
    let (samples, model) = (try Self.samples(folder), try Self.weighted(folder, "a.onnx", "1.0, 2.0, 3.0"))
    let usual = try LatheProcess(["verify", model, model, "--samples", samples, "--json"])
    let report = try usual.json()
    #expect(report["oracle_samples"] as? Int == 4 && (report["candidate"] as? [String: Any])?["engine"] as? String == "runtime", "\(usual.errors)")
    let oracle = try LatheProcess(["verify", model, model, "--samples", samples, "--json", "--engine", "reference"])
    #expect(try oracle.json()["oracle_samples"] == nil)
  }

  @Test func inputsAreNotWrittenOver() throws {
    let folder = try TemporaryFolder()
    let (samples, model) = (try Self.samples(folder), try Self.weighted(folder, "a.onnx", "1.0, 2.0, 3.0"))
    let policy = try folder.write("policy.json", Array("{\"outputs\": {\"y\": {\"maximum-absolute-error\": 1}}}".utf8))
    let link = folder.file("link.json")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: policy)
    for path in [policy, link, "\(folder.path)/./policy.json"] {
      let run = try LatheProcess(["verify", model, model, "--samples", samples, "--policy", policy, "--report", path])
      #expect(run.status == 64 && run.errors.contains("usage/overwrite"), "\(path): \(run.errors)")
      #expect(try LatheProcess(["gate", model, "--policy", policy, "--report", path]).status == 64)
    }
    #expect(String(decoding: try folder.bytes("policy.json"), as: UTF8.self).contains("maximum-absolute-error"))
  }

  @Test func noPageOfAnEarlierRunStandsWhereNothingWasCompared() throws {
    let folder = try TemporaryFolder()
    let (samples, model, page) = (try Self.samples(folder), try Self.weighted(folder, "a.onnx", "1.0, 2.0, 3.0"), folder.file("r.html"))
    func text() throws -> String { String(decoding: try folder.bytes("r.html"), as: UTF8.self) }
    #expect(try LatheProcess(["verify", model, model, "--samples", samples, "--report", page]).status == 0)
    #expect(try text().contains("Equivalent."))
    for (arguments, status) in [(["--samples", folder.file("absent.npy")], Int32(66)), (["--samples", try folder.write("empty.npz", [UInt8]())], 65)] {
      let run = try LatheProcess(["verify", model, model, "--report", page] + arguments)
      #expect(run.status == status, "\(run.errors)")
      #expect(try !text().contains("Equivalent.") && text().contains("could not be made"))
    }
    try folder.write("r.html", Array("Equivalent.".utf8))
    let policy = try folder.write("policy.yaml", Array(Self.policy.utf8))
    #expect(try LatheProcess(["gate", model, "--policy", policy, "--report", page]).status == 65)
    #expect(try !text().contains("Equivalent."))
  }

  @Test func expectedOutputsHaveTheirDecisionsJudgedAndNoRowsToSpare() throws {
    let folder = try TemporaryFolder()
    _ = try BisectTests.samples(folder, lines: 4)
    let (model, expected, text) = (OtherEngineTests.model, folder.file("expected.npz"), OtherEngineTests.text)
    let run = try LatheProcess(["run", model, "--samples", folder.file("samples.jsonl"), "-o", expected, "--engine", "runtime"] + text)
    #expect(run.status == 0, "\(run.errors)")
    let policy = try folder.write("policy.yaml", Array("outputs: {logits: {minimum-agreement: 1}}\nmaximum-size-share: 2\n".utf8))
    let judged = try LatheProcess(["verify", expected, model, "--samples", folder.file("samples.jsonl"), "--policy", policy, "--json"] + text)
    let report = try judged.json()
    let verdicts = ((report["policy"] as? [String: Any])?["verdicts"] as? [[String: Any]] ?? []).map { $0["kept"] as? Bool }
    #expect(verdicts == [true, true, false], "an .npz has decisions, and no size to have a share of: \(judged.errors)")
    let side = try #require(report["reference"] as? [String: Any])
    #expect(side["engine"] == nil && side["bytes"] == nil)
    #expect(try LatheProcess(["verify", expected, model, "--samples", folder.file("samples.jsonl"), "--covered"] + text).status == 64)
    // Rows of tensors are no padding.
    let (numbers, single) = (try Self.samples(folder), try Self.weighted(folder, "a.onnx", "1.0, 2.0, 3.0"))
    #expect(try LatheProcess(["run", single, "--samples", numbers, "-o", folder.file("y.npz")]).status == 0)
    let half = try folder.write("half.npy", GateTests.npy((0..<30).map { Float(sin(Double($0) * 1.7)) }, "10, 3"))
    let surplus = try LatheProcess(["verify", folder.file("y.npz"), single, "--samples", half])
    #expect(surplus.status == 65 && surplus.errors.contains("verify/expected"), "\(surplus.output)\(surplus.errors)")
    #expect(try LatheProcess(["verify", folder.file("y.npz"), single, "--samples", numbers]).status == 0)
  }

  @Test func aBorrowedVocabularyIsTold() throws {
    let folder = try TemporaryFolder()
    let (candidate, samples) = try CommandLineTests.converted(folder, lines: 3)
    let run = try LatheProcess(["verify", CommandLineTests.model, candidate, "--samples", samples, "--json"])
    let notes = try run.json()["notes"] as? [String]
    #expect(run.status == 0 && notes?.first?.contains("--vocab") == true, "\(run.errors)")
    let own = try LatheProcess(["verify", CommandLineTests.model, candidate, "--samples", samples, "--json"] + GateTests.texts)
    #expect((try own.json()["notes"] as? [String])?.isEmpty == true)
    let cut = folder.file("cut.lathe")
    let convert = try LatheProcess(["convert", candidate, "-o", cut, "--pass", "vocabulary/trim", "--corpus", samples])
    #expect(convert.status == 0, "\(convert.errors)")
    let refused = try LatheProcess(["verify", CommandLineTests.model, cut, "--samples", samples])
    #expect(refused.status == 64 && refused.errors.contains("was cut"), "\(refused.output)\(refused.errors)")
  }
}
