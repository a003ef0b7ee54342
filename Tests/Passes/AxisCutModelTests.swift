import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

/// Cuts through models of real exporters, simplified and fused: an index of every class that allows it, all at once.
@Suite struct AxisCutModelTests {
  @Test(arguments: ExporterTests.names, ["simplify", "fuse"]) func cutsAreExact(_ name: String, _ recipe: String) throws {
    let folder = ExporterTests.folder.path + "/models/\(name)"
    let original = try ONNXImporter().importModel(at: folder + "/model.onnx").model.graph
    var graph = original
    var ledger = Ledger()
    try #require(Recipe.named.first { $0.name == recipe }).pipeline(from: .standard).run(on: &graph, ledger: &ledger)
    let classes = AxisClasses(graph)
    var cut = graph
    var done: [AxisCut] = []
    for axisClass in classes.all where axisClass.mayBeCut && axisClass.slices.contains(where: { graph.constant($0.value) != nil }) {
      var one = graph
      let candidate = AxisCut(axisClass.id, keeping: (0..<(axisClass.extent.known ?? 0)).filter { $0 != 1 })
      do throws(Diagnostic) {
        try one.cut([candidate], of: classes)
        done.append(candidate)
      } catch {
        #expect(error.id == "axes/adaptation" && error.location.node != nil, "\(error.message)")
      }
    }
    #expect(!done.isEmpty)
    try cut.cut(done, of: classes)
    try Verifier().verify(cut)
    let inputs = try feeds(folder, original)
    let whole = try AxisCutProof(done, of: classes).silencing(graph)
    for (left, right) in zip(try Interpreter(whole).run(inputs), try Interpreter(cut).run(inputs)) {
      let scale = (left.doubles() ?? []).reduce(1e-30) { max($0, abs($1)) }
      #expect(right.difference(from: left, Tolerance(absolute: 1e-6 * scale)) == nil)
    }
  }

  private func feeds(_ folder: String, _ graph: Graph) throws -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for (position, id) in graph.inputs.enumerated() {
      let path = "\(folder)/test_data_set_0/input_\(position).pb"
      guard FileManager.default.fileExists(atPath: path), let type = graph[id].type else { continue }
      inputs[graph[id].name] = try ONNXDatumFile.read(path: path, type: type, limits: ResourceLimits()).datum.tensor
    }
    return inputs
  }
}
