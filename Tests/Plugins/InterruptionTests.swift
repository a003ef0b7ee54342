import Foundation
import LatheTestSupport
import Testing

/// Signals that end lathe, and what they leave: nothing.
@Suite struct InterruptionTests {
  /// Runs lathe in the background, and this when `pid`, which a program or a plugin writes, is there; prints how lathe ended.
  private static func run(_ folder: TemporaryFolder, _ arguments: [String], then command: String) throws -> ProgramRun {
    try FileManager.default.createDirectory(atPath: folder.file("tmp"), withIntermediateDirectories: true)
    let script = """
      env --default-signal TMPDIR=\(folder.file("tmp")) \(LatheProcess.executable.path) "$@" & lathe=$!
      for i in $(seq 1200); do [ -s \(folder.file("pid")) ] && break; sleep 0.05; done
      \(command)
      wait $lathe; echo "status $?"
      """
    return try ProgramRun(["sh", "-c", script, "sh"] + arguments)
  }

  /// A program that says who it is, leaves a file and a folder beside its output, and hangs.
  private static func hanging(_ folder: TemporaryFolder) throws -> String {
    let text = "#!/bin/sh\nmkdir \"$2.more\"; echo x > \"$2.more/x\"; echo $$ > \(folder.file("pid.new")); mv \(folder.file("pid.new")) \(folder.file("pid")); sleep 600\n"
    let path = try folder.write("hang.sh", Array(text.utf8))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private static func plugin(_ folder: TemporaryFolder) throws -> String {
    let body = "FILE *f = fopen(\"\(folder.file("pid"))\", \"w\"); fprintf(f, \"%d\\n\", (int)getpid()); fclose(f); for (;;) {}"
    return try PluginTests.compiled(body: body, headers: ["stdio.h", "unistd.h"], folder)
  }

  private static func expectNothingLeft(_ folder: TemporaryFolder, besides files: Set<String>) throws {
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
    #expect(folder.names.filter { !files.contains($0) && !["tmp", "pid"].contains($0) }.isEmpty, "\(folder.names)")
    let text = String(decoding: try folder.bytes("pid"), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    let number = try #require(pid_t(text))
    // Killed, it may still be waited for by whoever takes over orphans.
    let state = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)
    #expect(state.map { $0.contains(") Z ") } ?? true, "\(state ?? "")")
  }

  /// The signal, its number, whether a plugin makes lathe run in a second process.
  @Test(arguments: [("INT", 2, false), ("TERM", 15, false), ("HUP", 1, false), ("INT", 2, true), ("TERM", 15, true)])
  func aSignalLeavesNothingOfAConversion(_ name: String, _ number: Int, _ isSupervised: Bool) throws {
    let folder = try TemporaryFolder()
    let program = try Self.hanging(folder)
    var arguments = ["convert", PluginTests.model, "-o", folder.file("o.lathe"), "--report", folder.file("r.html"), "--pass", "exec:\(program)"]
    if isSupervised { arguments += ["--plugin", try PluginTests.compiled(body: "return 0;", folder)] }
    let run = try Self.run(folder, arguments, then: "kill -\(name) $lathe")
    #expect(run.output == "status \(128 + number)\n", "\(run.output) \(run.errors)")
    try Self.expectNothingLeft(folder, besides: ["hang.sh", "plugin.c", "plugin.so"])
  }

  @Test func aSignalLeavesNothingOfAHangingPluginOrEngine() throws {
    let folder = try TemporaryFolder()
    let plugin = try Self.run(
      folder,
      [
        "convert", PluginTests.model, "-o", folder.file("o.lathe"), "--report", folder.file("r.html"), "--plugin", try Self.plugin(folder),
        "--pass", "test/c",
      ], then: "kill -INT $lathe")
    #expect(plugin.output == "status 130\n", "\(plugin.output) \(plugin.errors)")
    try Self.expectNothingLeft(folder, besides: ["plugin.c", "plugin.so"])
    let other = try TemporaryFolder()
    let program = try Self.hanging(other)
    let verify = try Self.run(
      other, ["verify", PluginTests.model, PluginTests.model, "--engine", "exec:\(program)", "--reference-engine", "exec:\(program)"],
      then: "kill -TERM $lathe")
    #expect(verify.output == "status 143\n", "\(verify.output) \(verify.errors)")
    try Self.expectNothingLeft(other, besides: ["hang.sh"])
  }

  @Test func aPluginThatIsKilledForItsTimeLeavesNoUnfinishedReport() throws {
    let folder = try TemporaryFolder()
    let run = try Self.run(
      folder,
      [
        "convert", PluginTests.model, "-o", folder.file("o.lathe"), "--report", folder.file("r.html"), "--plugin", try Self.plugin(folder),
        "--pass", "test/c", "--plugin-timeout", "2",
      ], then: "true")
    #expect(run.output == "status 65\n" && run.errors.contains("was ended after"), "\(run.output) \(run.errors)")
    try Self.expectNothingLeft(folder, besides: ["plugin.c", "plugin.so"])
  }

  @Test func aSignalThatIsIgnoredStaysIgnored() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("copy.sh", Array("#!/bin/sh\necho $$ > \(folder.file("pid")); sleep 1; cp \"$1\" \"$2\"\n".utf8))
    let run = try ProgramRun([
      "sh", "-c",
      """
      trap '' HUP
      \(LatheProcess.executable.path) "$@" & lathe=$!
      for i in $(seq 1200); do [ -s \(folder.file("pid")) ] && break; sleep 0.05; done
      kill -HUP $lathe
      wait $lathe; echo "status $?"
      """, "sh", "convert", PluginTests.model, "-o", folder.file("o.lathe"), "--pass", "exec:sh \(path)",
    ])
    #expect(run.output.hasSuffix("status 0\n"), "\(run.output) \(run.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.file("o.lathe")))
  }
}
