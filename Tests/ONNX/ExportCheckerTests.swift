import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheOperators
import LatheTensors
import LatheTestSupport
import OrderedCollections
import Testing

private let python = ProcessInfo.processInfo.environment["LATHE_PYTHON"] ?? "python3"

private func hasONNX(_ version: String = "") -> Bool {
  let found = try? ProgramRun([python, "-c", "import onnx, numpy; print(onnx.__version__)"])
  return found?.status == 0 && found?.output.hasPrefix(version) == true
}

/// Exports held against onnx.checker and ONNX Runtime, which need Python: LATHE_PYTHON says which.
@Suite(.enabled("needs python3 with onnx (LATHE_PYTHON)") { hasONNX() })
struct ExportCheckerTests {
  @Test(
    .enabled("needs ../shared/models") { Repository.sharedModel("pico/model.onnx") != nil },
    arguments: ["pico", "bilstm"], [nil, 11, 12, 13, 15, 17, 18, 21, 23, 28])
  func aRealModelIsTheSameAtEveryOpset(name: String, opset: Int?) throws {
    let source = try #require(Repository.sharedModel("\(name)/model.onnx"))
    let folder = try TemporaryFolder()
    var options = ONNXExporter.Options()
    options.opset = opset
    options.placement = opset == 13 ? .external : .automatic
    options.declaresEveryType = opset == 15
    try ONNXExporter(options).export(try ONNXImporter().importModel(at: source).model, to: folder.file("model.onnx"))
    let result = try ProgramRun([
      python, Repository.path("Tests/ONNX/check_export.py"), folder.file("model.onnx"), source,
    ])
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  @Test func anOlderFormMeansWhatTheNewestMeans() throws {
    let folder = try TemporaryFolder()
    var arguments = [python, Repository.path("Tests/ONNX/check_export.py")]
    for (index, test) in downgradeCases.enumerated() where test.refused == nil {
      for (kind, opset) in [("older", test.opset), ("newest", 21)] {
        let path = folder.file("\(index)-\(test.op.name)-\(kind).onnx")
        try Data(try exported(test.model(), opset: opset)).write(to: URL(fileURLWithPath: path))
        arguments.append(path)
      }
    }
    let result = try ProgramRun(arguments)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  @Test func aBranchMayReturnWhatItCaptures() throws {
    let type = ValueType.tensor(TensorType(.float32, [4]))
    func branch(_ op: String?) throws -> Graph {
      var graph = Graph()
      let captured = try graph.addCapture("x", type: type)
      guard let op else {
        graph.setOutputs([captured])
        return graph
      }
      let node = try graph.addNode(NewestForm(op), inputs: [captured], outputs: ["y"], provenance: .source("test"))
      graph.setOutputs(graph[node].outputs.compactMap { $0 })
      return graph
    }
    var graph = Graph()
    let x = try graph.addInput("x", type: type)
    let condition = try graph.addConstant("condition", try Tensor([true], shape: []))
    let attributes = Attributes([("then_branch", .graph(try branch(nil))), ("else_branch", .graph(try branch("Relu")))])
    let node = try graph.addNode(
      OpaqueOperator(name: OperatorName("If"), version: 17, attributes: attributes), inputs: [condition],
      captures: [x, x],
      outputs: ["y"], provenance: .source("test"))
    for output in graph[node].outputs.compactMap({ $0 }) { graph.setType(type, of: output) }
    graph.setOutputs(graph[node].outputs.compactMap { $0 })
    var model = Model(graph: graph)
    model.metadata.operatorSets[""] = 17
    let folder = try TemporaryFolder()
    try ONNXExporter().export(model, to: folder.file("if.onnx"))
    let script = Repository.path("Tests/ONNX/check_export.py")
    let result = try ProgramRun([python, script, folder.file("if.onnx"), folder.file("if.onnx")])
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  @Test func theTableOfOperatorVersionsIsCurrent() throws {
    try #require(hasONNX("1.23."), "the table is of onnx 1.23")
    let fresh = try ProgramRun([python, Repository.path("Sources/ONNX/Export/make_operator_versions.py")])
    let checkedIn = String(decoding: try Repository.bytes("Sources/ONNX/Export/OperatorVersions.swift"), as: UTF8.self)
    #expect(fresh.output == checkedIn, "run make_operator_versions.py > OperatorVersions.swift")
  }
}
