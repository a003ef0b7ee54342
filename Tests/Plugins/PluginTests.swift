import Foundation
import LatheTestSupport
import Testing

/// Plugins of every kind through the command line, as their authors use them.
@Suite struct PluginTests {
  static let model = Repository.path("Examples/debian-sections/model.onnx")
  static let examples = Repository.path("Examples/plugins")

  /// Where compiled plugins are kept, apart from those of whoever runs the tests.
  static let cache = try? TemporaryFolder()

  /// What `lathe convert` said and left in a folder of its own.
  struct Outcome {
    let status: Int32
    let text: String
    let files: [String]
  }

  static func convert(_ folder: TemporaryFolder, _ arguments: [String]) throws -> Outcome {
    var samples = try String(contentsOfFile: Repository.path("Examples/debian-sections/dev.jsonl"), encoding: .utf8)
      .split(separator: "\n").prefix(4).joined(separator: "\n")
    samples += "\n"
    let example = Repository.path("Examples/debian-sections")
    let jsonl = try folder.write("samples.jsonl", Array(samples.utf8))
    let before = Set(folder.names)
    let run = try ProgramRun(
      [
        "env", "XDG_CACHE_HOME=\(try #require(cache).path)", LatheProcess.executable.path, "convert", model, "-o", folder.file("out.lathe"), "--samples", jsonl, "--vocab", "\(example)/vocab.txt",
        "--labels", "\(example)/labels.json",
      ] + arguments)
    return Outcome(status: run.status, text: run.output + run.errors, files: folder.names.filter { !before.contains($0) })
  }

  static func compiled(_ source: String, _ folder: TemporaryFolder) throws -> String {
    let path = folder.file("plugin.so")
    let run = try ProgramRun([
      "cc", "-O1", "-shared", "-fPIC", "-I", Repository.path("Sources/CLathePlugin/include"), source, "-o", path,
    ])
    try #require(run.status == 0, "\(run.errors)")
    return path
  }

  static func compiled(body: String, interface: Int = 1, headers: [String] = [], _ folder: TemporaryFolder) throws -> String {
    let source = """
      #include "lathe_plugin.h"
      #include <stdlib.h>
      \(headers.map { "#include <\($0)>" }.joined(separator: "\n"))
      static int run(const lathe_graph *graph, const lathe_host *host) { (void)graph; (void)host; \(body) }
      static const lathe_pass pass = {"test/c", "a test", LATHE_IDENTICAL_BITS, 0, run};
      static const lathe_plugin plugin = {\(interface), 1, &pass};
      const lathe_plugin *lathe_plugin_open(void) { return &plugin; }
      """
    return try compiled(try folder.write("plugin.c", Array(source.utf8)), folder)
  }

  static func script(_ text: String, _ folder: TemporaryFolder) throws -> String {
    let path = try folder.write("pass.sh", Array("#!/bin/sh\n\(text)\n".utf8))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return "exec:\(path)"
  }

  @Test func swiftSourcesRewriteAndEditWeights() throws {
    let folder = try TemporaryFolder()
    let outcome = try Self.convert(
      folder,
      [
        "--plugin", "\(Self.examples)/ResearchPasses.swift", "--pass", "simplify/fold-constants", "--pass",
        "example/multiply-by-reciprocal", "--pass", "example/prune-magnitude:sparsity=0.1",
      ])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.files == ["out.lathe"])
    #expect(outcome.text.contains("example/prune-magnitude"))
  }

  @Test func sharedObjectsReportOnTheGraph() throws {
    let folder = try TemporaryFolder()
    let plugin = try Self.compiled("\(Self.examples)/report_weights.c", folder)
    let outcome = try Self.convert(folder, ["--plugin", plugin, "--pass", "example/report-weights"])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.text.contains("MatMul: 24 nodes read"))
  }

  @Test func programsThatCopyTheModelKeepEveryBit() throws {
    let folder = try TemporaryFolder()
    let copy = try Self.script(#"cp "$1" "$2"; echo '{"guarantee": "identical bits"}' > "$2.json""#, folder)
    let outcome = try Self.convert(folder, ["--pass", copy])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.text.contains("identical bits"))
  }

  @Test func optionsReachAProgram() throws {
    let folder = try TemporaryFolder()
    let path = try Self.script(#"cp "$1" "$2"; cp "$3" "\#(folder.path)/seen.json""#, folder)
    #expect(try Self.convert(folder, ["--pass", "\(path):a=1,b=text"]).status == 0)
    let seen = String(decoding: try folder.bytes("seen.json"), as: UTF8.self)
    #expect(seen.contains("\"a\": 1") && seen.contains("\"b\": \"text\""), "\(seen)")
  }

  /// Short where the time is to run out, and long where a busy machine must not make it.
  static func timeout(_ message: String) -> String { message.contains("was ended after") ? "2" : "120" }

  /// The body of a C pass, what must be said of it.
  @Test(arguments: [
    ("abort();", "signal 6"), ("return *(volatile int *)8;", "signal 11"), ("for (;;) {}", "was ended after"),
    (#"host->fail(host->context, "no luck"); return 1;"#, "no luck"), ("return 3;", "status 3"),
    ("exit(0);", "without a result"),
  ]) func aFaultOfASharedObjectIsADiagnostic(_ body: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let plugin = try Self.compiled(body: body, folder)
    let outcome = try Self.convert(folder, ["--plugin", plugin, "--pass", "test/c", "--plugin-timeout", Self.timeout(message)])
    #expect(outcome.status == 65, "\(outcome.text)")
    #expect(outcome.text.contains(message) && outcome.text.contains("test/c"), "\(outcome.text)")
    #expect(outcome.files.isEmpty, "\(outcome.files)")
  }

  @Test func aBrokenPromiseOfASharedObjectExitsWithOne() throws {
    let folder = try TemporaryFolder()
    let body = """
      for (size_t v = 0; v < graph->value_count; v++) {
        const lathe_value *value = &graph->values[v];
        if (!value->data || value->rank != 2 || value->type[0] != 'f') continue;
        float *copy = malloc(value->byte_count);
        for (size_t i = 0; i < value->byte_count / 4; i++) copy[i] = ((const float *)value->data)[i] * 1.01f;
        if (host->set_constant(host->context, v, copy, value->byte_count)) return 9;
        free(copy);
      }
      return 0;
      """
    let outcome = try Self.convert(folder, ["--plugin", try Self.compiled(body: body, folder), "--pass", "test/c"])
    #expect(outcome.status == 1, "\(outcome.text)")
    #expect(outcome.text.contains("test/c promises identical bits") && outcome.files.isEmpty, "\(outcome.text) \(outcome.files)")
  }

  @Test func anotherInterfaceIsRefused() throws {
    let folder = try TemporaryFolder()
    let plugin = try Self.compiled(body: "return 0;", interface: 99, folder)
    let outcome = try Self.convert(folder, ["--plugin", plugin, "--pass", "test/c"])
    #expect(outcome.status == 65 && outcome.text.contains("version 99"), "\(outcome.text)")
  }

  @Test func whatIsNoPluginIsRefused() throws {
    let folder = try TemporaryFolder()
    let garbage = try folder.write("garbage.so", Array("not an object".utf8))
    #expect(try Self.convert(folder, ["--plugin", garbage]).status == 65)
    #expect(try Self.convert(folder, ["--plugin", folder.file("absent.so")]).status == 66)
    let broken = try folder.write("Broken.swift", Array("import LathePassKit\nlet x: Nothing = 3\n".utf8))
    let outcome = try Self.convert(folder, ["--plugin", broken])
    #expect(outcome.status == 65 && outcome.text.contains("cannot find type 'Nothing'"), "\(outcome.text)")
    let empty = try folder.write("Empty.swift", Array("import LathePassKit\n".utf8))
    #expect(try Self.convert(folder, ["--plugin", empty]).text.contains("plugins/entry"))
  }

  /// A program, what must be said of it, the exit code.
  @Test(arguments: [
    ("echo trouble >&2; exit 4", "status 4", 65), ("echo trouble; kill -SEGV $$", "signal 11", 65), ("sleep 60", "was ended after", 65),
    ("true", "without writing its output", 65), (#"echo garbage > "$2""#, "cannot be used", 65),
    (#"head -c 100000 "$1" > "$2""#, "cannot be used", 65),
    (#"cp "$1" "$2"; echo '{"garantee": 1}' > "$2.json""#, "did you mean guarantee", 65),
    (#"cp "$1" "$2"; echo '[1' > "$2.json""#, "cannot be used", 65),
    ("sleep 60 & sleep 60", "was ended after", 65),
  ]) func aFaultOfAProgramIsADiagnostic(_ text: String, _ message: String, _ status: Int32) throws {
    let folder = try TemporaryFolder()
    let program = try Self.script(text, folder)
    let outcome = try Self.convert(folder, ["--pass", program, "--plugin-timeout", Self.timeout(message)])
    #expect(outcome.status == status, "\(outcome.text)")
    #expect(outcome.text.contains(message), "\(outcome.text)")
    #expect(outcome.files.isEmpty, "\(outcome.files)")
  }

  @Test func aProgramThatCannotBeStartedSaysWhatToDo() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("plain.py", Array("print(1)\n".utf8))
    let outcome = try Self.convert(folder, ["--pass", "exec:\(path)"])
    #expect(outcome.status == 65 && outcome.text.contains("chmod +x"), "\(outcome.text)")
    #expect(try Self.convert(folder, ["--pass", "exec:\(folder.file("absent"))"]).status == 66)
  }

  @Test func aCommandLineIsAPassAsItIsAnEngine() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("copy.txt", Array("cp \"$2\" \"$3\"; echo \"with $1\"\n".utf8))
    let outcome = try Self.convert(folder, ["--pass", "exec:sh \(path) word"])
    #expect(outcome.status == 0 && outcome.text.contains("with word"), "\(outcome.text)")
    // A path with spaces that is there is one word.
    let spaced = try folder.write("copy it.sh", Array("#!/bin/sh\ncp \"$1\" \"$2\"\n".utf8))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: spaced)
    #expect(try Self.convert(folder, ["--pass", "exec:\(spaced)"]).status == 0)
    let absent = try Self.convert(folder, ["--pass", "exec:no-such-program-anywhere x.py"])
    #expect(absent.status == 66 && absent.text.contains("no such program in PATH"), "\(absent.text)")
  }

  @Test func theNextConversionIsUnharmed() throws {
    let folder = try TemporaryFolder()
    _ = try Self.convert(folder, ["--plugin", try Self.compiled(body: "abort();", folder), "--pass", "test/c"])
    #expect(try Self.convert(folder, ["--pass", "simplify/fold-constants"]).status == 0)
  }

  static let pythonHasONNX = (try? ProgramRun(["python3", "-c", "import onnx, numpy"]))?.status == 0

  @Test(.enabled(if: pythonHasONNX, "python3 has no onnx")) func clusteringInPythonKeepsItsPromise() throws {
    let folder = try TemporaryFolder()
    let outcome = try Self.convert(folder, ["--pass", "exec:\(Self.examples)/cluster_weights.py:clusters=32"])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.text.contains("at most 32 distinct values"))
  }
}
