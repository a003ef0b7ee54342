import Foundation
import LatheIR
import LatheOperators
import LatheCompactFormat
import LatheTensors
import LatheTestSupport
import Testing

/// Programs in C that use the library as a user would.
@Suite struct CInterfaceTests {
  static let library = LatheProcess.executable.deletingLastPathComponent()

  /// Compiles a program against lathe.h and the library beside the tests, and runs it.
  private func run(_ source: String, _ arguments: [String], in folder: TemporaryFolder) throws -> ProgramRun {
    let program = folder.file("program")
    let compiled = try ProgramRun([
      "clang", "-std=c11", "-Wall", "-Wextra", "-Werror", Repository.path(source), "-I", Repository.path("Sources/CLathe/include"),
      "-L", Self.library.path, "-llatheruntime", "-lpthread", "-Wl,-rpath,\(Self.library.path)", "-o", program,
    ])
    try #require(compiled.status == 0, "\(compiled.errors)")
    return try ProgramRun([program] + arguments)
  }

  private func doubling(in folder: TemporaryFolder) throws -> String {
    let graph = try GraphParser(catalog: .standard).parse(
      """
      graph (%x: f32[n, 3]) -> (%y, %x) {
        @w: f32[3, 3] = [2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0]
        %y = lathe::Linear(%x, @w) : f32[n, 3]
      }
      """)
    let path = folder.file("double.lathe")
    try CompactWriter.write(Model(graph: graph), to: path)
    return path
  }

  /// A classifier of three words into two classes.
  private func words(in folder: TemporaryFolder) throws -> String {
    let graph = try GraphParser(catalog: .standard).parse(
      """
      graph (%input_ids: i64[batch, sequence], %attention_mask: i64[batch, sequence]) -> (%logits) {
        @table: f32[6, 2] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 3.0, 5.0, 0.0]
        %rows = Gather(@table, %input_ids) : f32[batch, sequence, 2]
        %mask = Cast(%attention_mask) {to = 1} : f32[batch, sequence]
        @last: i64[1] = [-1]
        %column = Unsqueeze(%mask, @last) : f32[batch, sequence, 1]
        %kept = Mul(%rows, %column) : f32[batch, sequence, 2]
        @axis: i64[1] = [1]
        %logits = ReduceSum(%kept, @axis) {keepdims = 0} : f32[batch, 2]
      }
      """)
    var model = Model(graph: graph)
    model.text = TextAssets(
      vocabulary: Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\nword\nother\n".utf8), labels: ["few", "many"])
    let path = folder.file("words.lathe")
    try CompactWriter.write(model, to: path)
    return path
  }

  @Test func whatTheHeaderPromisesHolds() throws {
    let folder = try TemporaryFolder()
    let result = try run("Tests/CInterface/interface_test.c", [words(in: folder), doubling(in: folder)], in: folder)
    #expect(result.status == 0 && result.output == "done\n", "\(result.errors)")
  }

  @Test func anyChangedByteIsRefusedOrChangesNothing() throws {
    let folder = try TemporaryFolder()
    let result = try run("Tests/CInterface/damage_test.c", [doubling(in: folder)], in: folder)
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test func theExampleLabelsTexts() throws {
    let folder = try TemporaryFolder()
    try "word word\nother\n".write(toFile: folder.file("texts"), atomically: true, encoding: .utf8)
    let program = folder.file("labels.sh")
    try "\"$1\" \"$2\" < \"$3\"".write(toFile: program, atomically: true, encoding: .utf8)
    // The program is compiled by a run that only says how it is used.
    #expect(try run("Examples/c/classify.c", [], in: folder).status == 64)
    let result = try ProgramRun(["sh", program, folder.file("program"), words(in: folder), folder.file("texts")])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == "many\t0.9820\tword word\nfew\t0.9933\tother\n")
    let missing = try ProgramRun(["sh", program, folder.file("program"), "/nonexistent", folder.file("texts")])
    #expect(missing.status == 66 && missing.errors.contains("/nonexistent"))
  }

  @Test func theVersionsAgree() throws {
    let header = try String(contentsOfFile: Repository.path("Sources/CLathe/include/lathe.h"), encoding: .utf8)
    let version = try #require(header.firstMatch(of: /LATHE_VERSION "([^"]+)"/)).1
    #expect(try LatheProcess(["--version"]).output.contains(version))
  }
}
