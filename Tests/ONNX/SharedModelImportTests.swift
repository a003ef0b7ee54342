import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import Testing

/// The models beside the repository, where there are any.
private let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/models")

@Suite(.enabled("needs ../shared/models") { FileManager.default.fileExists(atPath: models.path) })
struct SharedModelImportTests {
  @Test(arguments: [("pico", 390), ("bilstm", 25)])
  func aRealModelArrivesWhole(name: String, nodes: Int) throws {
    let imported = try ONNXImporter().importModel(at: models.appendingPathComponent("\(name)/model.onnx").path)
    #expect(imported.warnings == [])
    #expect(imported.model.graph.totalNodeCount <= nodes)
    #expect(imported.model.graph.outputs.count > 0)
    try Verifier().verify(imported.model.graph)
    print(imported.model.graph.totalNodeCount, imported.model.graph.parameterCount)
  }

  @Test func externalWeightsThatAreNotThereAreNamed() throws {
    let path = models.appendingPathComponent("minilm/model.onnx").path
    guard !FileManager.default.fileExists(atPath: models.appendingPathComponent("minilm/model.safetensors").path) else { return }
    let error = #expect(throws: Diagnostic.self) { _ = try ONNXImporter().importModel(at: path) }
    #expect(error?.id == "onnx/external-missing")
    #expect(error?.category == .missingInput)
    #expect(error?.location.file == path)
    print(error as Any)
  }
}
