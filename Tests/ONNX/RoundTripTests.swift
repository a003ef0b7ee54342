import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import LatheTestSupport
import OrderedCollections
import Testing

/// The model after it was written and read.
private func reread(_ model: Model, _ folder: TemporaryFolder, _ options: ONNXExporter.Options = .init()) throws
  -> Model
{
  try ONNXExporter(options).export(model, to: folder.file("model.onnx"))
  return try ONNXImporter().importModel(at: folder.file("model.onnx")).model
}

@Suite struct RoundTripTests {
  @Test(arguments: 0..<150)
  func aGraphIsReadAsItWasWritten(seed: UInt64) throws {
    var random = RandomModel(seed: seed)
    let model = try random.model()
    let folder = try TemporaryFolder()
    let back = try reread(model, folder)
    #expect(difference(back.graph, model.graph) == nil)
    expectSameAnnotations(back.graph, model.graph)
    #expect(back.metadata.domain == model.metadata.domain)
    #expect(back.metadata.modelVersion == model.metadata.modelVersion)
    #expect(back.metadata.annotations == model.metadata.annotations)

    var options = ONNXExporter.Options()
    options.placement = .external
    options.externalThreshold = 1
    options.declaresEveryType = true
    #expect(difference(try reread(model, folder, options).graph, model.graph) == nil)
  }

  @Test(arguments: 0..<20)
  func theSameModelGivesTheSameBytes(seed: UInt64) throws {
    var random = RandomModel(seed: seed)
    let model = try random.model()
    var again = RandomModel(seed: seed)
    #expect(try exported(model) == exported(try again.model()))
  }

  @Test(
    .enabled("needs ../shared/models") { Repository.sharedModel("pico/model.onnx") != nil },
    arguments: ["pico", "bilstm"])
  func aRealModelIsReadAsItWasWritten(name: String) throws {
    let model = try ONNXImporter().importModel(at: #require(Repository.sharedModel("\(name)/model.onnx"))).model
    let folder = try TemporaryFolder()
    let back = try reread(model, folder)
    #expect(difference(back.graph, model.graph) == nil)
    #expect(back.metadata.operatorSets[""] == model.metadata.operatorSets[""])
    #expect(try exported(back) == exported(try reread(back, folder)))
  }

  private func expectSameAnnotations(_ a: Graph, _ b: Graph) {
    #expect(a.annotations == b.annotations)
    for (one, two) in zip(a.order, b.order) {
      #expect(a[one].annotations == b[two].annotations)
      for (left, right) in zip(a.subgraphs(of: one), b.subgraphs(of: two)) { expectSameAnnotations(left, right) }
    }
    for id in b.inputs + b.outputs {
      #expect(a.value(named: b[id].name).map { a[$0].annotations } == b[id].annotations)
    }
  }
}
