import Foundation
import LatheTestSupport
import Testing

/// What `lathe verify` counts.
@Suite struct VerificationTests {
  /// The example has 28 classes: a batch whose texts are padded to 28 tokens looks like rows of tokens by its extents alone.
  @Test func classesAreNoTokensThoughABatchIsAsLong() throws {
    let example = Repository.path("Examples/debian-sections")
    let folder = try TemporaryFolder()
    let lines = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n").prefix(400)
    let samples = try folder.write("samples.jsonl", Array((lines.joined(separator: "\n") + "\n").utf8))
    let run = try LatheProcess([
      "verify", "\(example)/model.onnx", "\(example)/model.onnx", "--samples", samples, "--vocab", "\(example)/vocab.txt", "--labels",
      "\(example)/labels.json", "--batch", "2", "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let outputs = try #require(try run.json()["outputs"] as? [[String: Any]])
    #expect(outputs.first?["rows"] as? Int == 400, "\(outputs)")
  }
}
