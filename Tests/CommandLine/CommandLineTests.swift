import Foundation
import LatheTestSupport
import Testing

@Suite struct CommandLineTests {
  static let example = Repository.path("Examples/debian-sections")
  static let model = "\(example)/model.onnx"

  /// The example model as a .lathe file with its texts, and the first lines of dev.jsonl.
  static func converted(_ folder: TemporaryFolder, lines: Int = 40) throws -> (model: String, samples: String) {
    let path = folder.file("model.lathe")
    let run = try LatheProcess([
      "convert", model, "-o", path, "--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let all = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n").prefix(lines)
    let samples = folder.file("samples.jsonl")
    try (all.joined(separator: "\n") + "\n").write(toFile: samples, atomically: true, encoding: .utf8)
    return (path, samples)
  }

  @Test func conversionVerifiesAndClassifies() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try Self.converted(folder)
    let verify = try LatheProcess(["verify", Self.model, model, "--samples", samples, "--json"])
    #expect(verify.status == 0, "\(verify.errors)")
    let report = try verify.json()
    #expect(report["equivalent"] as? Bool == true)
    #expect((report["outputs"] as? [[String: Any]])?.first?["agreement"] as? Double == 1)
    let accuracy = try #require(report["accuracy"] as? [String: Any])
    #expect(accuracy["labelled"] as? Int == 40)
    #expect(accuracy["reference"] as? Int == accuracy["candidate"] as? Int)
    let run = try LatheProcess(["run", model, "--text", "Python bindings for a C library", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let prediction = (try run.json()["predictions"] as? [[String: Any]])?.first
    #expect(prediction?["label"] as? String == "python")
  }

  @Test func theSameCommandGivesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    for ending in ["lathe", "onnx"] {
      let paths = [folder.file("one.\(ending)"), folder.file("two.\(ending)")]
      for path in paths {
        let run = try LatheProcess(["convert", Self.model, "-o", path, "--pass", "simplify/fold-constants"])
        #expect(run.status == 0, "\(run.errors)")
      }
      let (one, two) = (FileManager.default.contents(atPath: paths[0]), FileManager.default.contents(atPath: paths[1]))
      #expect(one != nil && one == two, ".\(ending)")
    }
  }

  @Test func differentModelsAreNotEquivalent() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try Self.converted(folder, lines: 6)
    let strict = try LatheProcess(["verify", Self.model, model, "--samples", samples, "--min-accuracy-delta", "0.5"])
    #expect(strict.status == 1)
    #expect(strict.errors.contains("accuracy changes by 0.0 points"))
    #expect(strict.output.contains("NOT equivalent"))
  }

  @Test(
    arguments: [
      (["convert"], Int32(64)), (["convert", "x.onnx", "-o", "y.txt"], 64), (["nonsense"], 64),
      (["run", "x.lathe"], 64),
      (["inspect", "/nonexistent/model.onnx"], 66), (["run", "/nonexistent.lathe", "--text", "x"], 66),
      (["inspect", "/"], 65),
      (["passes", "simplify/fold-constant"], 64), (["inspect", "x.onnx", "--limit", "tensor-byte=3"], 64),
      (["--version"], 0),
      (["passes"], 0),
    ] as [([String], Int32)]) func exitCodes(_ arguments: [String], _ status: Int32) throws
  {
    let run = try LatheProcess(arguments)
    #expect(run.status == status, "\(arguments): \(run.errors)")
    #expect(run.status == 0 || run.output.isEmpty)
    #expect((run.status == 0) == run.errors.isEmpty)
  }

  @Test func badModelsLeaveNoOutput() throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Self.model))
    let inputs: [(String, Data)] = [
      ("empty", Data()), ("text", Data("hello".utf8)),
      ("zip", Data([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60))),
      ("half", whole.prefix(whole.count / 2)), ("head", whole.prefix(1000)), ("zeros", Data(count: 1000)),
    ]
    for (name, bytes) in inputs {
      try bytes.write(to: folder.url.appendingPathComponent("\(name).onnx"))
      let before = folder.names
      for output in ["out.lathe", "out.onnx"] {
        let run = try LatheProcess(["convert", folder.file("\(name).onnx"), "-o", folder.file(output)])
        #expect(run.status == 65, "\(name): \(run.status) \(run.errors)")
        #expect(run.errors.contains("\(name).onnx") && run.errors.contains("error:"), "\(run.errors)")
      }
      #expect(folder.names == before, "\(name) left something behind")
    }
  }

  @Test func outputsThatCannotBeWrittenAreExit73() throws {
    for output in ["/nonexistent/folder/out.lathe", "/nonexistent/folder/out.onnx"] {
      let run = try LatheProcess(["convert", Self.model, "-o", output])
      #expect(run.status == 73, "\(run.errors)")
    }
  }

  @Test func inspectShowsTheGraphInEveryForm() throws {
    let text = try LatheProcess(["inspect", Self.model, "--text"])
    #expect(text.output.hasPrefix("graph"))
    #expect(text.output.contains("f32[batch, 28]"))
    let json = try LatheProcess(["inspect", Self.model, "--json"]).json()
    #expect(json["unsupported"] as? [String] == [])
    #expect(json["parameters"] as? Int ?? 0 > 5_900_000)
    #expect(try LatheProcess(["inspect", Self.model, "--dot"]).output.hasPrefix("digraph"))
  }

  @Test func inspectShowsTheIndexSpaces() throws {
    let folder = try TemporaryFolder()
    let (model, _) = try Self.converted(folder)
    let text = try LatheProcess(["inspect", model, "--axes"])
    #expect(text.status == 0 && text.output.contains("it is an axis of the output logits"), "\(text.errors)")
    let classes = try #require(try LatheProcess(["inspect", model, "--axes", "--json"]).json()["classes"] as? [[String: Any]])
    #expect(classes.contains { $0["extent"] as? Int == 512 && $0["may_be_cut"] as? Bool == true })
    #expect(try LatheProcess(["inspect", model, "--axes", "--dot"]).status == 64)
  }

  @Test func outputsGoToAnArchiveInTheOrderOfTheSamples() throws {
    let folder = try TemporaryFolder()
    let (model, samples) = try Self.converted(folder, lines: 11)
    let all = try LatheProcess(["run", model, "--samples", samples, "--json", "--batch", "4"]).json()
    let one = try LatheProcess(["run", model, "--samples", samples, "--json", "--batch", "1", "--threads", "1"]).json()
    let labels = { (object: [String: Any]) in
      (object["predictions"] as? [[String: Any]])?.compactMap { $0["label"] as? String }
    }
    #expect(labels(all)?.count == 11)
    #expect(labels(all) == labels(one))
    let written = try LatheProcess(["run", model, "--samples", samples, "-o", folder.file("out.npz")])
    #expect(written.status == 0, "\(written.errors)")
    #expect(FileManager.default.contents(atPath: folder.file("out.npz"))?.count ?? 0 > 11 * 28 * 4)
  }
}
