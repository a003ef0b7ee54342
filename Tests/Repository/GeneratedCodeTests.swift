import LatheTestSupport
import Testing

/// The checked-in output of protoc-c against `Schemas`.
@Suite struct GeneratedCodeTests {
  /// Other versions may write other code.
  @Test(
    .enabled("needs protoc-c 1.4 (Debian: protobuf-c-compiler)") {
      try ProgramRun(["protoc-c", "--version"]).output.hasPrefix("protobuf-c 1.4.")
    }, arguments: [("COnnx", "onnx"), ("CLatheProto", "lathe")])
  func theGeneratedCodeIsCurrent(module: String, schema: String) throws {
    let fresh = try TemporaryFolder()
    let made = try ProgramRun(["bash", Repository.path("Sources/\(module)/regenerate.sh"), fresh.path])
    try #require(made.status == 0, "\(made.output)\(made.errors)")
    for name in ["\(schema).pb-c.c", "include/\(schema).pb-c.h"] {
      let isCurrent = try Repository.bytes("Sources/\(module)/\(name)") == fresh.bytes(name)
      #expect(isCurrent, "Sources/\(module)/\(name) is stale: run Sources/\(module)/regenerate.sh")
    }
  }
}
