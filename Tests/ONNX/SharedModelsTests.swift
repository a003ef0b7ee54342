import Foundation
import LatheDiagnostics
import LatheONNX
import Testing

/// The models beside the repository, where there are any.
private let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/models")

@Suite(.enabled("needs ../shared/models") { FileManager.default.fileExists(atPath: models.path) })
struct SharedModelsTests {
  @Test(arguments: ["pico", "bilstm", "minilm"])
  func aRealModelIsWrittenAsItWasRead(name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: models.appendingPathComponent("\(name)/model.onnx")))
    #expect(try rewritten(bytes) == bytes)
  }
}
