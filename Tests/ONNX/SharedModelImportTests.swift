import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LatheTensors
import LatheTestSupport
import Testing

/// The models beside the repository, where there are any; minilm's weights may lie elsewhere, in $LATHE_MINILM.
private let models = URL(fileURLWithPath: Repository.path("../shared/models"))
private let minilm =
  ProcessInfo.processInfo.environment["LATHE_MINILM"].map { URL(fileURLWithPath: $0) }
  ?? models.appendingPathComponent("minilm")

private func exists(_ folder: URL, _ file: String) -> Bool {
  FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path)
}

@Suite struct SharedModelImportTests {
  @Test(.enabled("needs ../shared/models") { exists(models, "pico/model.onnx") }, arguments: ["pico", "bilstm"])
  func aRealModelGivesWhatONNXRuntimeGives(name: String) throws {
    try compare(models.appendingPathComponent(name), with: name)
  }

  @Test(.enabled("needs minilm's weights: ../shared/models/minilm/fetch.sh") { exists(minilm, "model.safetensors") })
  func aModelWithExternalDataGivesWhatONNXRuntimeGives() throws {
    try compare(minilm, with: "minilm")
  }

  private func compare(_ folder: URL, with name: String) throws {
    let imported = try ONNXImporter().importModel(at: folder.appendingPathComponent("model.onnx").path)
    #expect(imported.warnings == [])
    #expect(imported.model.graph.order.allSatisfy { !(imported.model.graph[$0].op is OpaqueOperator) })
    let interpreter = try Interpreter(imported.model.graph)
    for number in 0..<3 {
      let expected = testFolder.appendingPathComponent("Data/expected/\(name)/\(number)")
      guard exists(expected, "input_0.pb") else { continue }
      let inputs = try tensors("input", in: expected)
      let outputs = try tensors("output", in: expected)
      let results = try interpreter.run(Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, $0.tensor) }))
      #expect(results.count == outputs.count)
      for (result, output) in zip(results, outputs) {
        #expect(result.shape == output.tensor.shape)
        let difference =
          zip(result.doubles() ?? [], output.tensor.doubles() ?? []).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference <= 1e-4, "\(output.name) of feed \(number)")
      }
    }
  }

  private func tensors(_ kind: String, in folder: URL) throws -> [(name: String, tensor: Tensor)] {
    var found: [(name: String, tensor: Tensor)] = []
    while exists(folder, "\(kind)_\(found.count).pb") {
      found.append(try ONNXTensorFile.read(path: folder.appendingPathComponent("\(kind)_\(found.count).pb").path))
    }
    return found
  }

  @Test(
    .enabled("needs ../shared/models without minilm's weights") {
      exists(models, "minilm/model.onnx") && !exists(models, "minilm/model.safetensors")
    })
  func externalWeightsThatAreNotThereAreNamed() throws {
    let path = models.appendingPathComponent("minilm/model.onnx").path
    let error = #expect(throws: Diagnostic.self) { _ = try ONNXImporter().importModel(at: path) }
    #expect(error?.id == "onnx/external-missing")
    #expect(error?.category == .missingInput)
    #expect(error?.location.file == path)
    #expect(error?.message.contains("model.safetensors") == true)
  }
}
