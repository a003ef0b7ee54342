import Foundation
import LatheDiagnostics
import LatheONNX
import LatheTestSupport
import Testing

@Suite(.enabled("needs ../shared/models") { Repository.sharedModel("pico/model.onnx") != nil })
struct SharedModelsTests {
  @Test(arguments: ["pico", "bilstm", "minilm"])
  func aRealModelIsWrittenAsItWasRead(name: String) throws {
    let bytes = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: #require(Repository.sharedModel("\(name)/model.onnx")))))
    #expect(try rewritten(bytes) == bytes)
  }
}
