import Foundation
import LatheTestSupport
import Testing

/// Outputs and engines of other tools.
@Suite struct OtherEngineTests {
  static let example = Repository.path("Examples/debian-sections")
  static let text = ["--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json"]
  static let model = "\(example)/model.onnx"

  static func outputs(_ folder: TemporaryFolder, lines: Int = 16) throws -> String {
    _ = try BisectTests.samples(folder, lines: lines)
    let path = folder.file("expected.npz")
    let run = try LatheProcess(["run", model, "--samples", folder.file("samples.jsonl"), "-o", path, "--engine", "runtime"] + text)
    try #require(run.status == 0, "\(run.errors)")
    return path
  }

  static func verify(_ folder: TemporaryFolder, _ reference: String, _ arguments: [String] = []) throws -> LatheProcess {
    try LatheProcess(["verify", reference, model, "--samples", folder.file("samples.jsonl"), "--engine", "runtime"] + text + arguments)
  }

  static func script(_ body: String, _ folder: TemporaryFolder) throws -> String {
    let path = try folder.write("engine.sh", Array("#!/bin/sh\n\(body)\n".utf8))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return "exec:\(path)"
  }

  @Test func expectedOutputsAreAReference() throws {
    let folder = try TemporaryFolder()
    let expected = try Self.outputs(folder)
    let run = try Self.verify(folder, expected, ["--max-abs", "0.0001"])
    #expect(run.status == 0 && run.output.contains("equivalent on 16 samples"), "\(run.output)\(run.errors)")
    let fewer = try LatheProcess(
      ["verify", expected, Self.model, "--samples", "\(Self.example)/calibration.jsonl", "--engine", "runtime"] + Self.text)
    #expect(fewer.status == 65 && fewer.errors.contains("verify/expected"), "\(fewer.errors)")
    #expect(try Self.verify(folder, folder.file("absent.npz")).status == 66)
    let garbage = try folder.write("garbage.npz", Array("not a zip".utf8))
    #expect(try Self.verify(folder, garbage).status == 65)
    #expect(try Self.verify(folder, expected, ["--bisect"]).status == 64)
  }

  @Test func otherOutputsAreNotEquivalent() throws {
    let folder = try TemporaryFolder()
    _ = try BisectTests.samples(folder)
    let path = try BisectTests.converted(folder, "bad.onnx", ["--recipe", "fuse"])
    try BisectTests.plant(BisectTests.faults[0], in: path)
    let run = try LatheProcess(["run", path, "--samples", folder.file("samples.jsonl"), "-o", folder.file("bad.npz"), "--engine", "runtime"] + Self.text)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try Self.verify(folder, folder.file("bad.npz")).status == 1)
  }

  @Test func aProgramIsAskedOnceForAllFeeds() throws {
    let folder = try TemporaryFolder()
    // Of one text, what `lathe run` writes is what an engine gives.
    _ = try Self.outputs(folder, lines: 1)
    let engine = try Self.script("echo x >> \(folder.file("calls")); cp \(folder.file("expected.npz")) \"$3/0.npz\"", folder)
    let run = try Self.verify(folder, Self.model, ["--reference-engine", engine])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(try folder.bytes("calls").count == 2)
  }

  /// A program, what must be said of it.
  @Test(arguments: [
    ("echo trouble >&2; exit 4", "status 4"), ("kill -SEGV $$", "signal 11"), ("sleep 60", "was ended after"), ("true", "0.npz"),
    (#"echo garbage > "$3/0.npz""#, "cannot be used"),
  ]) func aFaultOfAProgramIsADiagnostic(_ body: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    _ = try BisectTests.samples(folder)
    let engine = try Self.script(body, folder)
    let run = try Self.verify(folder, Self.model, ["--reference-engine", engine, "--plugin-timeout", message.contains("ended") ? "2" : "60"])
    #expect(run.status == 65, "\(run.status) \(run.errors)")
    #expect(run.errors.contains(message), "\(run.errors)")
  }
}
